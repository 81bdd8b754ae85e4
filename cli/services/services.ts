/**
 * @file Servers and workers that run together: started in order, written down for other commands, watched,
 * and stopped in the opposite order.
 */
import { connectionEnvironment } from '../../servers/connection.js';
import { type EmbeddedServers, startEmbedded } from '../../servers/embedded.js';
import { DistilleryError } from '../../errors/errors.js';
import { describeEvent, type WorkerEvent } from '../../worker/events.js';
import type { Environment } from '../state/client-environment.js';
import type { ServicesState, StateFile } from '../state/state-file.js';
import type { EventSink } from '../terminal/event-log.js';
import { WorkerProcess, type WorkerQueue } from './worker-process.js';

export interface ServicesOptions {
  readonly command: ServicesState['command'];
  readonly workers: readonly WorkerQueue[];
  readonly environment: Environment;
  readonly stateFile: StateFile;
  readonly event: EventSink;
  /** Also say when tasks start and finish. */
  readonly verbose: boolean;
  /** Where the events go when nobody watches; only written down. */
  readonly log?: string;
  /** Gives up starting. */
  readonly signal: AbortSignal;
}

export interface Services {
  /** Points clients at the servers. */
  readonly environment: Environment;
  readonly ui: string | undefined;
  /** Rejects when one of our servers ends by itself. Never resolves. */
  readonly failure: Promise<never>;
  /** Workers first, then servers. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts what is missing of Temporal and S3, and the workers. Throws `ServerUnavailable`, with nothing left
 * running, when something does not start or something else already runs.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { stateFile, command, event, signal } = options;
  let state = stateFile.claim(command, options.log);
  const update = (change: Partial<ServicesState>): void => {
    state = { ...state, ...change };
    stateFile.write(state);
  };
  const workers: WorkerProcess[] = [];
  let servers: EmbeddedServers | undefined;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll(workers, () => servers, options));
  const giveUp = (): void => void Promise.all(workers.map((worker) => worker.stop()));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    servers = await startServers(options);
    const environment = { ...options.environment, ...connectionEnvironment(servers) };
    const ui = servers.uiUrl;
    update({ environment: connectionEnvironment(servers), ...(ui === undefined ? {} : { ui }) });
    const pids = new Map<WorkerQueue, number>();
    for (const queue of options.workers) {
      if (signal.aborted) break;
      const onStart = (pid: number): void => {
        pids.set(queue, pid);
        if (stopped === undefined)
          update({ workers: [...pids].map(([name, id]) => ({ queue: name, pid: id })) });
      };
      workers.push(new WorkerProcess({ queue, environment, event, onStart, onEvent: workerEvents(options) }));
    }
    await Promise.all(workers.map((worker) => worker.start()));
    if (signal.aborted)
      throw new DistilleryError('ServerUnavailable', 'Stopped before everything was ready.');
    update({ ready: true });
    const failure = failureOf(servers, () => stopped !== undefined);
    // Whoever waits for it sees it; nobody may be waiting yet.
    failure.catch(() => undefined);
    return { environment, ui, failure, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function startServers({ environment, event }: ServicesOptions): Promise<EmbeddedServers> {
  const namespace = environment['TEMPORAL_NAMESPACE'] ?? '';
  return startEmbedded({
    environment,
    ...(namespace === '' ? {} : { namespace }),
    say: (line) => event(sourceOf(line), line),
  });
}

/** Which of the two servers a line is about. */
function sourceOf(line: string): string {
  if (/^temporal/i.test(line)) return 'temporal';
  return /^the S3/i.test(line) ? 's3' : 'setup';
}

async function stopAll(
  workers: readonly WorkerProcess[],
  servers: () => EmbeddedServers | undefined,
  { event, stateFile }: ServicesOptions,
): Promise<void> {
  try {
    if (workers.length > 0) event('workers', 'stopping');
    await Promise.all(workers.map((worker) => worker.stop()));
    const running = servers();
    if (running !== undefined && running.pids.length > 0) event('servers', 'stopping');
    await running?.stop();
  } finally {
    stateFile.release();
  }
}

/** What of the workers' talk is shown: the rest says what our own lines say. */
function workerEvents({ event, verbose }: ServicesOptions): (queue: WorkerQueue, event: WorkerEvent) => void {
  return (queue, happened) => {
    switch (happened.type) {
      case 'connected':
      case 'stopping':
      case 'stopped':
      // `status` says it with more of it.
      case 'stage':
        return;
      case 'task':
        if (verbose) event(queue, describeEvent(happened));
        return;
      case 'listening':
      case 'engine':
      case 'note':
      case 'warning':
        event(queue, describeEvent(happened));
    }
  };
}

/** A server that ends while nobody stops it takes everything with it. */
async function failureOf(servers: EmbeddedServers, stopping: () => boolean): Promise<never> {
  // Without servers of our own nothing can end.
  const name = servers.pids.length === 0 ? await new Promise<never>(() => undefined) : await servers.exited;
  if (stopping()) return new Promise<never>(() => undefined);
  throw new DistilleryError(
    'ServerUnavailable',
    `${name} ended by itself; everything is being stopped. Its log is in the state folder of DISTILLERY_HOME. ` +
      'Start again with `distillery up`: runs go on where they were.',
  );
}
