/**
 * @file How set-up talks: one line for each thing it does, with sizes and seconds.
 */

/** Receives one line of progress, without a newline. */
export type Say = (line: string) => void;

/** `47.7 MB`, `812 kB`: decimal units, as package indexes print them. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  if (bytes >= 1e3) return `${Math.round(bytes / 1e3)} kB`;
  return `${bytes} bytes`;
}

/** Seconds since a `performance.now()` reading, as `3.2 s`. */
export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
