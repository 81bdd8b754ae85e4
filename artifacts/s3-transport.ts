/**
 * @file HTTP for the minio client, with what it lacks: time limits, cancellation, and every refusal of the
 * store as an error with its status and code (the client would otherwise hide 5xx answers and retry once).
 */
import http from 'node:http';
import https from 'node:https';
import { storeWork } from './store-work.js';

/** The store answered, but not with success. */
export class StoreAnswer extends Error {
  constructor(
    readonly status: number,
    /** S3 error code, or one made from the status where the store gave none. */
    readonly code: string,
    message: string,
    /** The store's clock, where it said. */
    readonly date?: Date,
  ) {
    super(message);
  }
}

/** The store did not answer in time. */
export class StoreSilence extends Error {}

export interface TransportLimits {
  readonly tls: boolean;
  readonly silenceMs: number;
  readonly attemptMs: number;
  /** What ends the request that is about to be made. */
  readonly signal: () => AbortSignal | undefined;
}

type Callback = (response: http.IncomingMessage) => void;
type Options = http.RequestOptions | string | URL;

/** A stand-in for node's http or https module, as the minio client takes it. */
export function limitedTransport(limits: TransportLimits): Pick<typeof http, 'request'> {
  const base = limits.tls ? https : http;
  return {
    request(options: Options, second?: http.RequestOptions | Callback, third?: Callback): http.ClientRequest {
      if (typeof options === 'string' || options instanceof URL)
        throw new TypeError('expected request options');
      const callback = typeof second === 'function' ? second : third;
      const { attemptMs } = limits;
      const { silenceMs = limits.silenceMs } = storeWork();
      const signal = limits.signal();
      const request = base.request(
        { ...options, timeout: silenceMs, ...(signal ? { signal } : {}) },
        (response) => {
          if ((response.statusCode ?? 0) < 300) {
            callback?.(response);
            return;
          }
          readAnswer(response).then(
            (answer) => request.emit('error', answer),
            (error: unknown) => request.emit('error', error),
          );
        },
      );
      const giveUp = (what: string, ms: number): void => {
        request.destroy(new StoreSilence(`${what} for ${Math.round(ms / 1000)} s`));
      };
      request.once('timeout', () => giveUp('no answer', silenceMs));
      const limit = setTimeout(() => giveUp('not finished', attemptMs), attemptMs);
      request.once('close', () => clearTimeout(limit));
      return request;
    },
  };
}

/** A whole response body. */
export async function readBody(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('expected bytes');
    chunks.push(chunk);
    size += chunk.length;
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

const codeByStatus: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NotFound',
  412: 'PreconditionFailed',
  503: 'SlowDown',
  507: 'InsufficientStorage',
};

async function readAnswer(response: http.IncomingMessage): Promise<StoreAnswer> {
  const status = response.statusCode ?? 0;
  const xml = new TextDecoder().decode(await readBody(response));
  const header = response.headers['x-minio-error-code'];
  const code =
    element(xml, 'Code') ??
    (typeof header === 'string' ? header : undefined) ??
    codeByStatus[status] ??
    `HTTP ${status}`;
  const date = new Date(response.headers.date ?? Number.NaN);
  const message = element(xml, 'Message') ?? '';
  return new StoreAnswer(status, code, message, Number.isNaN(date.getTime()) ? undefined : date);
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(xml)?.[1];
}
