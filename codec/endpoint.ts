/**
 * @file The codec over HTTP, so that Temporal's UI and command can show what is encrypted. Whoever reaches it
 * reads everything: it listens on loopback, answers pages of listed origins only, and may want a token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec } from '@temporalio/common';
import { DistilleryError } from '../errors/errors.js';
import { payloadsFromJson, payloadsToJson } from './payload-json.js';

export interface CodecEndpointOptions {
  readonly codec: PayloadCodec;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Origins of pages that may ask, such as `http://127.0.0.1:8233`. */
  readonly origins: readonly string[];
  /** When set, every request has to carry it: `Authorization: Bearer TOKEN`. */
  readonly token?: string;
}

export interface CodecEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** A page of a history, at most; Temporal's own messages have 4 MiB. */
const mostBytes = 32 * 2 ** 20;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Listens until closed.
 *
 * @throws DistilleryError `InvalidDefinition` for an address others can reach without a token,
 *   `ServerUnavailable` when it cannot listen there
 */
export async function serveCodec(options: CodecEndpointOptions): Promise<CodecEndpoint> {
  const { host, port, token } = options;
  if (!loopback.test(host) && host !== '::1' && token === undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      `${host} can be reached from elsewhere, and whoever reaches the endpoint reads every payload. ` +
        'Give it a token (--token-file), and TLS by a proxy in front; or listen on 127.0.0.1.',
    );
  const server = createServer((request, response) => void answer(options, request, response));
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  await listen(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DistilleryError('ServerUnavailable', `cannot listen on ${host}:${port}: ${reason}`, { cause });
  }
}

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly type?: string;
}

/** Sets the headers that say who may read the answer. */
async function answerTo(
  options: CodecEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const { codec, origins, token } = options;
  const { origin, host = '', authorization = '', 'content-type': type = '' } = request.headers;
  // A page of a stranger may have its own name point here; the name in `Host` is then still that page's.
  if (loopback.test(options.host) && !loopback.test(host.replace(/:\d+$/, '')))
    return { status: 403, body: 'this host name is not served' };
  if (origin !== undefined) {
    if (!origins.includes(origin)) return { status: 403, body: 'pages of this origin may not ask' };
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Vary', 'Origin');
  }
  if (request.method === 'OPTIONS') {
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, x-namespace');
    response.setHeader('Access-Control-Max-Age', '600');
    return { status: 204 };
  }
  if (token !== undefined && !isToken(authorization, token)) return { status: 401, body: 'wrong token' };
  const path = (request.url ?? '').replace(/\?.*$/, '');
  if (path !== '/decode' && path !== '/encode') return { status: 404, body: 'POST /decode or /encode' };
  if (request.method !== 'POST') return { status: 405, body: 'POST only' };
  if (!/^application\/json\s*(;|$)/i.test(type)) return { status: 415, body: 'application/json only' };

  const body = await read(request);
  if (body === undefined) return { status: 413, body: `at most ${mostBytes} bytes` };
  const payloads = payloadsFromJson(body);
  if (payloads === undefined) return { status: 400, body: 'expected {"payloads": [...]}' };
  try {
    const changed = await (path === '/decode' ? codec.decode(payloads) : codec.encode(payloads));
    return { status: 200, body: payloadsToJson(changed), type: 'application/json' };
  } catch (error) {
    if (!(error instanceof DistilleryError)) throw error;
    return { status: 400, body: error.message };
  }
}

async function answer(
  options: CodecEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: Answer;
  try {
    result = await answerTo(options, request, response);
  } catch {
    // A connection that broke off, or bytes that are no payload: the reason is not for strangers.
    result = { status: 500, body: 'failed' };
  }
  const { status, body, type = 'text/plain; charset=utf-8' } = result;
  response.setHeader('Cache-Control', 'no-store');
  if (body !== undefined) response.setHeader('Content-Type', type);
  response.writeHead(status).end(body);
}

/** Undefined when it is too long. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is too much is read all the same: whoever is still sending does not hear an answer.
    if (length <= mostBytes) chunks.push(chunk);
  }
  return length > mostBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function isToken(authorization: string, token: string): boolean {
  const given = /^Bearer\s+(.+)$/i.exec(authorization)?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  // Digests have one length, and comparing them tells nothing of where they differ.
  return timingSafeEqual(digest(given), digest(token));
}
