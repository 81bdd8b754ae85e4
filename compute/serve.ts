/**
 * @file The child's side of the compute process: takes requests from its parent and answers them.
 */
import { hostname } from 'node:os';
import { onBehalfOf } from '../artifacts/store-work.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { StageFailure } from '../custom/stage-failure.js';
import type { ImageRoom } from '../datasets/load.js';
import { DistilleryError } from '../errors/errors.js';
import type { UnitProgress } from '../definition/stages.js';
import type { Device } from '../tensor/device.js';
import type { CheckpointInterval } from './checkpoint-policy.js';
import { Stopped, type StopReason, type TaskContext } from './context.js';
import { requireDemands } from './demands.js';
import { watchParent } from './parent-watch.js';
import type { ComputeMessage, ComputeRequest, TaskName } from './protocol.js';
import type { TaskRegistry } from './registry.js';

/** Progress between these is not sent. */
const progressMilliseconds = 200;
/** After so much silence the last progress is said again: the task computes. */
const aliveMilliseconds = 5_000;

export interface Equipment {
  readonly store: ArtifactStore;
  readonly device: Device;
  readonly checkpointInterval: CheckpointInterval;
  readonly memoryLimit?: number;
  readonly imageRoom?: ImageRoom;
}

interface CurrentTask {
  readonly id: number;
  stop: StopReason | undefined;
  /** Whether it waits for the store. */
  waits: boolean;
  /** Says that it is to stop. */
  readonly stopping: AbortController;
  /** Ends what it asks of the store. */
  readonly ending: AbortController;
}

/**
 * Serves tasks to the parent process until it goes away.
 *
 * @param open opens the store and the device; when that fails, the task fails and the next one tries again
 */
export function serve(tasks: TaskRegistry, open: () => Promise<Equipment>): void {
  watchParent();
  // A terminal sends Ctrl-C to every process of its group; stopping is the parent's decision.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('disconnect', () => process.exit(0));

  let equipment: Promise<Equipment> | undefined;
  const opened = (): Promise<Equipment> => {
    equipment ??= open().catch((error: unknown) => {
      equipment = undefined;
      throw error;
    });
    return equipment;
  };
  opened().then(
    ({ device }) => send({ type: 'ready', engine: device.info }),
    // Said again by every task that needs it.
    () => undefined,
  );
  let current: CurrentTask | undefined;

  process.on('message', (request: ComputeRequest) => {
    switch (request.type) {
      case 'run': {
        const task: CurrentTask = {
          id: request.id,
          stop: undefined,
          waits: false,
          stopping: new AbortController(),
          ending: new AbortController(),
        };
        current = task;
        void answer(request, task);
        break;
      }
      case 'stop':
        if (current?.id === request.id) {
          current.stop = request.reason;
          current.stopping.abort(new Stopped(request.reason));
          endWaits(current);
        }
        break;
    }
  });

  async function answer(
    { id, task, input, demands }: Extract<ComputeRequest, { type: 'run' }>,
    state: CurrentTask,
  ) {
    try {
      const context = taskContext(await opened(), state);
      requireDemands(demands, context.device.info, context.memoryLimit);
      const work = {
        signal: state.ending.signal,
        onWait: (reason: string | undefined) => {
          state.waits = reason !== undefined;
          context.waiting(reason);
          endWaits(state);
        },
      };
      const result = await onBehalfOf(work, () => runTask(tasks, task, input, context));
      send({ type: 'result', id, result });
    } catch (error) {
      send(describe(id, error));
    }
  }
}

/**
 * A task that is to stop waits for no store. Unless it is to be dropped, it may still write its checkpoint, as
 * long as the store takes it.
 */
function endWaits({ stop, waits, ending }: CurrentTask): void {
  if (stop === 'drop' || (stop !== undefined && waits)) ending.abort(new Stopped(stop));
}

/** The input was typed where the request was made; between the processes it is JSON. */
function runTask(
  tasks: TaskRegistry,
  name: TaskName,
  input: unknown,
  context: TaskContext,
): Promise<unknown> {
  const task = tasks[name] as (input: unknown, context: TaskContext) => Promise<unknown>;
  return task(input, context);
}

function taskContext(equipment: Equipment, state: CurrentTask): TaskContext {
  const worker = `${hostname()}/${process.pid}`;
  let sentAt = 0;
  let last: Omit<UnitProgress, 'worker'> = { unit: 'start', done: 0, total: 0, metrics: {} };
  const say = () => {
    sentAt = performance.now();
    send({ type: 'progress', id: state.id, progress: { ...last, worker } });
  };
  return {
    ...equipment,
    stopRequested: () => state.stop,
    stopping: state.stopping.signal,
    breathe() {
      // A step may take longer than a parent waits for a word.
      if (performance.now() - sentAt >= aliveMilliseconds) say();
      return new Promise((resolve) => setImmediate(resolve));
    },
    report(progress) {
      const { waiting } = last;
      last = { ...progress, ...(waiting !== undefined && { waiting }) };
      if (performance.now() - sentAt >= progressMilliseconds || progress.done >= progress.total) say();
    },
    checkpointed: (saved) => send({ type: 'checkpoint', id: state.id, saved }),
    waiting(reason) {
      const { waiting, ...progress } = last;
      if (reason === undefined && waiting === undefined) return;
      last = { ...progress, ...(reason !== undefined && { waiting: reason }) };
      say();
    },
  };
}

function describe(id: number, error: unknown): ComputeMessage {
  if (error instanceof Stopped) return { type: 'error', id, code: 'Stopped', message: error.message };
  if (error instanceof DistilleryError)
    return { type: 'error', id, code: error.code, message: error.message };
  if (error instanceof StageFailure) {
    const { message, type, nonRetryable } = error;
    return { type: 'failure', id, failure: { message, type, nonRetryable } };
  }
  // Not one of ours: the stack goes to stderr, where the parent keeps the last lines.
  console.error(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { type: 'error', id, code: 'ComputeFailed', message };
}

function send(message: ComputeMessage): void {
  process.send?.(message);
}
