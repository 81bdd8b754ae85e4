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
  /** The server does what it was asked, but its answer never arrives. */
  | 'lose-answer'
  /** Half of the answer's body, then the connection is cut. */
  | 'truncate'
  /** One byte of the answer's body is changed. */
  | 'flip'
  /** The request is taken and nothing ever comes back. */
  | 'silence';

export interface FaultProxy {
  readonly endpoint: string;
  /** Requests seen so far, with the method, for example `PUT`. */
  readonly requests: string[];
  /** Spoils the next requests of that method, one after the other. */
  fail(method: string, ...faults: Fault[]): void;
  close(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const planned: { method: string; fault: Fault }[] = [];
  const requests: string[] = [];
  const server = http.createServer((incoming, outgoing) => {
    const method = incoming.method ?? '';
    requests.push(method);
    const index = planned.findIndex((plan) => plan.method === method);
    const fault = index < 0 ? undefined : planned.splice(index, 1)[0]?.fault;
    if (fault === 'silence') return;
    if (fault === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      if (typeof fault === 'object') {
        outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
        outgoing.end(`<Error><Code>${fault.code}</Code><Message>made up</Message></Error>`);
        return;
      }
      const { rawHeaders, url } = incoming;
      const forward = http.request({ hostname, port, method, path: url, headers: rawHeaders }, (answer) => {
        const body: Buffer[] = [];
        answer.on('data', (part: Buffer) => body.push(part));
        answer.on('end', () => {
          if (fault === 'lose-answer') {
            incoming.socket.destroy();
            return;
          }
          const bytes = Buffer.concat(body);
          if (fault === 'flip') bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
          outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
          if (fault === 'truncate') {
            outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => incoming.socket.destroy());
          } else outgoing.end(bytes);
        });
      });
      forward.on('error', () => incoming.socket.destroy());
      forward.end(Buffer.concat(parts));
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
