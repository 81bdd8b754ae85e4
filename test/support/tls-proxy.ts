/**
 * @file TLS before a Temporal server that has none: asks for a certificate of the client, and sees the headers.
 */
import { once } from 'node:events';
import { connect, createSecureServer, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Authority } from './certificates.js';

export interface TlsProxy {
  readonly port: number;
  /** Of every call that came through. */
  readonly calls: IncomingHttpHeaders[];
  close(): void;
}

/** @param name the host name that its certificate is for */
export async function startTlsProxy(target: string, authority: Authority, name: string): Promise<TlsProxy> {
  const { certificate: cert, key } = authority.issue(name);
  const upstream = connect(`http://${target}`);
  upstream.on('error', () => undefined);
  const calls: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({
    ...{ cert, key, ca: authority.certificate },
    ...{ requestCert: true, rejectUnauthorized: true },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    calls.push(headers);
    const call = upstream.request({ ...headers, ':scheme': 'http', ':authority': target });
    let trailers: IncomingHttpHeaders = {};
    call.on('response', ({ ':status': status, ...rest }) => {
      if (!stream.destroyed) stream.respond({ ':status': status, ...rest }, { waitForTrailers: true });
    });
    call.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = received;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    for (const side of [stream, call]) side.on('error', () => undefined);
    stream.pipe(call);
    call.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    close() {
      upstream.destroy();
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
