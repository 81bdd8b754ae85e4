/**
 * @file The child's side of the compute process: takes requests from its parent and answers them.
 */
import { hostname } from 'node:os';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import type { Device } from '../tensor/device.js';
import { Stopped, type StopReason, type TaskContext } from './context.js';
import { watchParent } from './parent-watch.js';
import type { ComputeMessage, ComputeRequest, TaskName } from './protocol.js';
import type { TaskRegistry } from './registry.js';

/** Progress between these is not sent. */
const progressMilliseconds = 200;

export interface Equipment {
  readonly store: ArtifactStore;
  readonly device: Device;
}

interface CurrentTask {
  readonly id: number;
  stop: StopReason | undefined;
}

/**
 * Serves tasks to the parent process until it goes away.
 *
 * @param open opens the store and the device, once; when that fails, each task fails with the reason
 */
export function serve(tasks: TaskRegistry, open: () => Promise<Equipment>): void {
  watchParent();
  // A terminal sends Ctrl-C to every process of its group; stopping is the parent's decision.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('disconnect', () => process.exit(0));

  const equipment = open();
  equipment.then(
    ({ device }) => send({ type: 'ready', engine: device.info }),
    // Said again by every task that needs it.
    () => undefined,
  );
  let current: CurrentTask | undefined;

  process.on('message', (request: ComputeRequest) => {
    switch (request.type) {
      case 'run': {
        const task: CurrentTask = { id: request.id, stop: undefined };
        current = task;
        void answer(request, task);
        break;
      }
      case 'stop':
        if (current?.id === request.id) current.stop = request.reason;
        break;
    }
  });

  async function answer({ id, task, input }: Extract<ComputeRequest, { type: 'run' }>, state: CurrentTask) {
    try {
      const context = taskContext(await equipment, state);
      const result = await runTask(tasks, task, input, context);
      send({ type: 'result', id, result });
    } catch (error) {
      send(describe(id, error));
    }
  }
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

function taskContext({ store, device }: Equipment, state: CurrentTask): TaskContext {
  const worker = `${hostname()}/${process.pid}`;
  let sentAt = 0;
  return {
    store,
    device,
    stopRequested: () => state.stop,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    report(progress) {
      const now = performance.now();
      if (now - sentAt < progressMilliseconds && progress.done < progress.total) return;
      sentAt = now;
      send({ type: 'progress', id: state.id, progress: { ...progress, worker } });
    },
  };
}

function describe(id: number, error: unknown): ComputeMessage {
  if (error instanceof Stopped) return { type: 'error', id, code: 'Stopped', message: error.message };
  if (error instanceof DistilleryError)
    return { type: 'error', id, code: error.code, message: error.message };
  // Not one of ours: the stack goes to stderr, where the parent keeps the last lines.
  console.error(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { type: 'error', id, code: 'ComputeFailed', message };
}

function send(message: ComputeMessage): void {
  process.send?.(message);
}
