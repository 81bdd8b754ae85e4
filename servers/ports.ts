/**
 * @file Loopback ports: finding free ones, and saying who holds a taken one.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { DistilleryError } from '../errors/errors.js';

// Below the range from which kernels take ports for outgoing connections, so that a port that was free
// a moment ago is not taken by a client socket before the server binds it.
const lowest = 12_000;
const highest = 31_000;

/** Whether a loopback port can be bound now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Distinct free ports, chosen at random so that parallel callers seldom meet. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count; attempt++) {
    if (attempt > 1000) {
      throw new DistilleryError('ServerUnavailable', 'no free port on 127.0.0.1 between 12000 and 31000');
    }
    const port = randomInt(lowest, highest);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/**
 * Throws `ServerUnavailable` when a port that was asked for is taken.
 *
 * @param purpose what wants the port, such as `Temporal`
 * @param setting how to choose another one, such as `DISTILLERY_TEMPORAL_PORT`
 */
export async function requireFree(port: number, purpose: string, setting: string): Promise<void> {
  if (await isFree(port)) return;
  const owner = portOwner(port);
  throw new DistilleryError(
    'ServerUnavailable',
    `port ${port} on 127.0.0.1, wanted for ${purpose}, is in use${owner === undefined ? '' : ` by ${owner}`}; ` +
      `stop that, or set ${setting} to another port`,
  );
}

/** `name (process 123)` of who listens on a port; undefined when the system does not say. */
function portOwner(port: number): string | undefined {
  try {
    const inode = listeningInode(port);
    if (inode === undefined) return undefined;
    for (const pid of readdirSync('/proc')) {
      if (/^\d+$/.test(pid) && holds(pid, inode)) {
        return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`;
      }
    }
  } catch {
    // No /proc, or none that we may read.
  }
  return undefined;
}

function listeningInode(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/);
      // Field 3 is the state; 0A is LISTEN.
      if (fields[1]?.endsWith(`:${hex}`) === true && fields[3] === '0A') return fields[9];
    }
  }
  return undefined;
}

function holds(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
