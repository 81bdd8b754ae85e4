/**
 * @file Health over HTTP, for whoever keeps the worker running: `/livez` says whether to start it anew,
 * `/readyz` whether it takes work.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DistilleryError } from '../errors/errors.js';
import { formatAddress, type ListenAddress } from './listen-address.js';

export interface Health {
  /** Why it cannot go on; undefined while it can. */
  broken(): string | undefined;
  /** Why it takes no work; undefined while it does. */
  unready(): Promise<string | undefined>;
}

export interface HealthServer {
  readonly port: number;
  close(): void;
}

/** @throws DistilleryError `ServerUnavailable` when it cannot listen there */
export async function serveHealth(address: ListenAddress, health: Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const say = (status: number, text: string) =>
      response
        .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
        .end(request.method === 'HEAD' ? undefined : `${text}\n`);
    const judged = (why: string | undefined) => say(why === undefined ? 200 : 503, why ?? 'ok');
    if (request.method !== 'GET' && request.method !== 'HEAD') say(405, 'GET only');
    else if (request.url === '/livez') judged(health.broken());
    else if (request.url === '/readyz') health.unready().then(judged, () => say(503, 'failed'));
    else say(404, '/livez or /readyz');
  });
  server.requestTimeout = 5_000;
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DistilleryError(
      'ServerUnavailable',
      `The worker cannot listen on ${formatAddress(address)} for its health: ${reason}. Choose another --health.`,
      { cause },
    );
  }
  // What is watched decides how long the process lives.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
