/**
 * @file A whole run at tiny size (experts, distillation, evaluation), with the work divided as asked; what must
 * not depend on that is returned as digests. As a program it prints those of the division it is given.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointInterval } from '../../compute/checkpoint-policy.js';
import {
  contextOf,
  distillChunk,
  distillation,
  evaluateNetwork,
  evaluation,
  expert,
  inPieces,
  storeFrom,
  trainExpert,
  type Task,
} from './tiny-tasks.js';

export interface Division {
  readonly chunkIterations: number;
  readonly checkpointInterval: CheckpointInterval;
  /** Units of work at once. */
  readonly maxParallel: number;
  /** Preempted after so many steps, again and again; never when absent. */
  readonly pause?: number;
}

const experts = 4;
const iterations = 9;

/** Digests by what they are of. */
export async function digestsOf({ chunkIterations, checkpointInterval, maxParallel, pause }: Division) {
  const folder = await mkdtemp(join(tmpdir(), 'distillery-test-'));
  try {
    const { store, dataset } = await storeFrom(folder);
    const run = async <I, R>(task: Task<I, R>, input: I): Promise<R> => {
      if (pause === undefined) return task(input, contextOf(store, undefined, checkpointInterval).context);
      return (await inPieces(task, input, store, pause, checkpointInterval)).result;
    };
    const all = async <I, R>(task: Task<I, R>, inputs: readonly I[]): Promise<R[]> => {
      const results: R[] = [];
      for (let from = 0; from < inputs.length; from += maxParallel) {
        const batch = inputs.slice(from, from + maxParallel);
        results.push(...(await Promise.all(batch.map((input) => run(task, input)))));
      }
      return results;
    };

    const indices = Array.from({ length: experts }, (_, index) => index);
    const trained = await all(
      trainExpert,
      indices.map((index) => expert(dataset, 4, 0.9, index)),
    );
    const trajectories = trained.map(({ trajectory }) => trajectory);
    const { chunk } = await distillation(store, dataset, trajectories);
    let last: Awaited<ReturnType<typeof distillChunk>> | undefined;
    for (let from = 0; from < iterations; from += chunkIterations)
      last = await run(
        distillChunk,
        chunk(from, Math.min(from + chunkIterations, iterations), { iterations }),
      );
    if (last === undefined) throw new Error('a distillation has a chunk');
    const trainingSet = { kind: 'distilled', result: last.candidate } as const;
    const scores = await all(
      evaluateNetwork,
      indices.map((index) => evaluation(dataset, { trainingSet, lr: 'learned', run: index })),
    );
    return {
      experts: trajectories.map(({ sha256 }) => sha256),
      distilled: last.candidate.sha256,
      metrics: last.metrics.sha256,
      checkpoint: last.checkpoint.sha256,
      scores: scores.map(({ accuracy, loss }) => [accuracy, loss]),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const [, program = '', division] = process.argv;
if (import.meta.filename === program && division !== undefined)
  console.log(JSON.stringify(await digestsOf(JSON.parse(division) as Division)));
