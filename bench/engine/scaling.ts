/**
 * @file How time grows with N, batch, width and image size, and how far it is from what the machine can do:
 * operations a second of whole steps and of their convolutions alone, bytes a second of the rest.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Say } from '../../setup/say.js';
import { engineEnvironment } from '../../tensor/environment.js';

/** One measured point. */
export interface ScalingRow {
  /** What grows: `N`, `batch`, `width`, `image`, or `limit` for what the machine does at best. */
  readonly axis: string;
  readonly point: string;
  readonly seconds: number;
  /** Convolutions and matrix products a second, in 1e9. */
  readonly gflops?: number;
  /** Bytes that everything reads and writes a second, in 1e9. */
  readonly gigabytes?: number;
}

/** Measures in a process of its own, with the environment that the engine needs. */
export async function measureScaling(threads: number, repeats: number, say: Say): Promise<ScalingRow[]> {
  const child = fork(fileURLToPath(new URL('./scaling-child.js', import.meta.url)), [String(repeats)], {
    env: { ...process.env, ...engineEnvironment(threads) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const rows: ScalingRow[] = [];
  child.on('message', (row: ScalingRow) => {
    rows.push(row);
    say(`${row.axis} ${row.point}: ${(row.seconds * 1000).toPrecision(3)} ms`);
  });
  await once(child, 'exit');
  return rows;
}
