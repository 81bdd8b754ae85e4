/**
 * @file A proxy before a real server that spoils chosen answers, and a server that never answers.
 */
import http from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Fault =
  /** The server is not even asked. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** The connection is cut before anything is sent on. */
  | 'reset'
  /** Half of the request's body is sent on, then both connections are cut. */
  | 'cut-request'
  /** The server does what it was asked, but its answer never arrives. */
  | 'lose-answer'
  /** Half of the answer's body, then the connection is cut. */
  | 'truncate'
  /** One byte of the answer's body is changed. */
  | 'flip'
  /** The request is taken and nothing ever comes back. */
  | 'silence';

/** A request on its way through the proxy. */
export interface ProxiedRequest {
  readonly method: string;
  /** Bucket and key, without a query. */
  readonly path: string;
}

/** Whoever watches the traffic, and may spoil it. */
export interface ProxyTap {
  /** Asked when a request begins. */
  spoil?(request: ProxiedRequest): Fault | undefined;
  /** The whole request has arrived; nothing has been sent on. */
  received?(request: ProxiedRequest): void;
  /** The server has answered; nothing has been sent back. */
  answered?(request: ProxiedRequest, status: number): void;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** Requests seen so far, with the method, for example `PUT`. */
  readonly requests: string[];
  /** Spoils the next requests of that method, one after the other. */
  fail(method: string, ...faults: Fault[]): void;
  close(): Promise<void>;
}

/** @param tap is asked about requests that `fail` has no plan for */
export async function startFaultProxy(target: string, tap: ProxyTap = {}): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const planned: { method: string; fault: Fault }[] = [];
  const requests: string[] = [];
  const server = http.createServer((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    const request = { method, path: url.replace(/\?.*/, '') };
    requests.push(method);
    const index = planned.findIndex((plan) => plan.method === method);
    const fault = index < 0 ? tap.spoil?.(request) : planned.splice(index, 1)[0]?.fault;
    if (fault === 'silence') return;
    if (fault === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      tap.received?.(request);
      if (typeof fault === 'object') {
        outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
        outgoing.end(`<Error><Code>${fault.code}</Code><Message>made up</Message></Error>`);
        return;
      }
      const { rawHeaders } = incoming;
      const forward = http.request({ hostname, port, method, path: url, headers: rawHeaders }, (answer) => {
        const body: Buffer[] = [];
        answer.on('data', (part: Buffer) => body.push(part));
        answer.on('error', () => incoming.socket.destroy());
        answer.on('end', () => {
          tap.answered?.(request, answer.statusCode ?? 500);
          if (fault === 'lose-answer') {
            incoming.socket.destroy();
            return;
          }
          const bytes = Buffer.concat(body);
          if (fault === 'flip' && bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
          outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
          if (fault === 'truncate') {
            outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => incoming.socket.destroy());
          } else outgoing.end(bytes);
        });
      });
      forward.on('error', () => incoming.socket.destroy());
      const body = Buffer.concat(parts);
      if (fault === 'cut-request') {
        forward.write(body.subarray(0, Math.floor(body.length / 2)), () => forward.destroy());
        incoming.socket.destroy();
      } else forward.end(body);
    });
  });
  const listening = await listen(server);
  return {
    ...listening,
    requests,
    fail: (method, ...faults) => planned.push(...faults.map((fault) => ({ method, fault }))),
  };
}

/** Accepts connections and says nothing. */
export async function startBlackHole(): Promise<{ endpoint: string; close(): Promise<void> }> {
  return listen(createServer());
}

async function listen(server: Server): Promise<{ endpoint: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
