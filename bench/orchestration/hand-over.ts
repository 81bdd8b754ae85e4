/**
 * @file How long work stands still when its worker leaves: real worker processes, real computing on a small task.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { UnitProgress } from '../../definition/stages.js';
import type { EmbeddedServers } from '../../servers/embedded.js';
import { WorkerProcess } from '../../test/support/worker-process.js';
import type { WorkerEvent } from '../../worker/events.js';
import { PIPELINE_QUEUE } from '../../workflows/queues.js';

export interface HandOver {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  /** From the signal until another worker has the work. */
  readonly takenSeconds: number;
  /** From the signal until it has got further; most of the difference is the start of the engine. */
  readonly computingSeconds: number;
  /** Iterations that had to be done again, of those the server knew of. */
  readonly lostIterations: number;
  readonly secondsPerIteration: number;
}

const workflowId = 'hand-over';

/** One distillation in one long chunk, whose workers leave one after the other, with and without notice. */
export async function handOvers(
  servers: EmbeddedServers,
  client: Client,
  times: number,
  say: (line: string) => void,
): Promise<HandOver[]> {
  const light = new WorkerProcess('pipeline', servers);
  let working = new WorkerProcess('compute', servers);
  let waiting: WorkerProcess | undefined;
  const results: HandOver[] = [];
  try {
    await working.event(isListening);
    await client.workflow.start('pipeline', { taskQueue: PIPELINE_QUEUE, workflowId, args: [definition] });
    const progress = () => distillProgress(client);
    await until(progress, isUnderWay);
    for (let time = 0; time < 2 * times; time += 1) {
      const signal = time % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
      say(`hand-over ${time + 1} of ${2 * times}: ${signal}`);
      waiting = new WorkerProcess('compute', servers);
      await waiting.event(isListening);
      // So that some work is at stake.
      await delay(4000);
      const before = await until(progress, isUnderWay);
      const start = performance.now();
      const ended = working.end(signal);
      await waiting.event(isDistilling);
      const taken = performance.now();
      // The old attempt's heartbeats may be seen a little longer.
      const after = await until(
        progress,
        (now): now is UnitProgress => now.worker !== before.worker && now.done > 0,
      );
      const computing = performance.now();
      await ended;
      results.push({
        signal,
        takenSeconds: (taken - start) / 1000,
        computingSeconds: (computing - start) / 1000,
        lostIterations: Math.max(0, before.done - after.done + 1),
        secondsPerIteration: 1 / before.rate,
      });
      working = waiting;
      waiting = undefined;
    }
    await client.workflow.getHandle(workflowId).terminate();
    return results;
  } finally {
    for (const worker of [light, working, waiting]) await worker?.end('SIGKILL');
  }
}

function isListening(event: WorkerEvent): boolean {
  return event.type === 'listening';
}

function isDistilling(event: WorkerEvent): boolean {
  return event.type === 'task' && event.task === 'distillChunk' && event.state === 'started';
}

/** What the last heartbeat of the chunk said, undefined before there is one. */
async function distillProgress(client: Client): Promise<UnitProgress | undefined> {
  try {
    const { raw } = await client.workflow.getHandle(`${workflowId}/distill`).describe();
    const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
    return payload ? defaultPayloadConverter.fromPayload<UnitProgress>(payload) : undefined;
  } catch {
    // The stage has not begun yet.
    return undefined;
  }
}

function isUnderWay(progress: UnitProgress): progress is UnitProgress & { readonly rate: number } {
  return progress.done > 0 && progress.rate !== undefined;
}

async function until<P extends UnitProgress>(
  progress: () => Promise<UnitProgress | undefined>,
  fits: (progress: UnitProgress) => progress is P,
): Promise<P> {
  for (let polls = 0; polls < 2400; polls += 1) {
    const now = await progress();
    if (now !== undefined && fits(now)) return now;
    await delay(50);
  }
  throw new Error('the distillation does not go on');
}

/** As `pipelines/tiny.yaml`, with one chunk that lasts longer than the measurement. */
const definition = `
name: hand-over
seed: 1
dataset: { source: fashion-mnist, limit: 400, holdout: 100 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts:
    uses: train-experts
    with: { count: 1, epochs: 3, batchSize: 64 }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: 1
      iterations: 100000
      method: { synSteps: 3, expertEpochs: 1, maxStartEpoch: 2, lrImg: 100, lrLr: 1.0e-5, lrInit: 0.02 }
      selection: { every: 100000, runs: 1, epochs: 10 }
    chunk: { iterations: 100000 }
`;
