/**
 * @file Where a worker listens for those who watch it.
 */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** As it is written in a URL. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
