/**
 * @file What a checkpoint costs: written to the real store as a task writes it, at the sizes of real work.
 */
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { sha256 } from '../../artifacts/digest.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { Stream } from '../../random/stream.js';
import { median } from '../engine/statistics.js';

export interface CheckpointCost {
  readonly what: string;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Of the time, at the interval that follows from it. */
  readonly percent: number;
}

/** As in compute/checkpointing.ts: every ten seconds, or fifty times what the last one took. */
const intervalMilliseconds = 10_000;
const costFactor = 50;

/** Number of float32 values in the state of some work. */
const states: readonly (readonly [string, number])[] = [
  ['distillation, 10 images of 28x28', 2 * 10 * 28 * 28],
  ['distillation, 500 images of 3x32x32', 2 * 500 * 3 * 32 * 32],
  ['expert, ConvNet 3x128', 2 * 320_010],
];

export async function checkpointCosts(store: ArtifactStore, repeats: number): Promise<CheckpointCost[]> {
  const costs: CheckpointCost[] = [];
  for (const [what, length] of states) {
    const checkpoints = new Checkpoints(store, sha256(new TextEncoder().encode(what)));
    const stream = new Stream(1, 'report-samples');
    const data = Float32Array.from({ length }, () => stream.uniform());
    const times: number[] = [];
    for (let sequence = 1; sequence <= repeats; sequence += 1) {
      data[0] = sequence;
      const start = performance.now();
      await checkpoints.save(sequence, new Map([['state', { dtype: 'F32', shape: [length], data }]]));
      await checkpoints.prune({ upTo: sequence });
      times.push(performance.now() - start);
    }
    const milliseconds = median(times);
    const interval = Math.max(intervalMilliseconds, costFactor * milliseconds);
    costs.push({ what, bytes: 4 * length, milliseconds, percent: (100 * milliseconds) / interval });
  }
  return costs;
}
