/**
 * @file A worker process: connects, listens on its queues, and leaves quickly when told to.
 */
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { withCodec } from '../codec/data-converter.js';
import { codecKeysFrom } from '../codec/keys.js';
import { loadersVariable, loadLoaderModules } from '../custom/loader-modules.js';
import { loadStageModules, stagesVariable } from '../custom/stage-modules.js';
import { COMPUTE_QUEUE, PIPELINE_QUEUE } from '../workflows/queues.js';
import { createComputeActivities, createLightActivities } from '../activities/index.js';
import type { LightDependencies } from '../activities/index.js';
import type { ComputePool } from '../compute/pool.js';
import { workflowSource } from './bundle.js';
import { connectWorker } from './connection.js';
import { createPool, lightDependencies, slotsOf, type ComputeSettings, type Role } from './dependencies.js';
import type { OnWorkerEvent } from './events.js';
import { serveHealth } from './health.js';
import type { ListenAddress } from './listen-address.js';
import { watchPreemption, type PreemptionHook } from './preemption.js';
import { installRuntime } from './runtime.js';
import { leavingSettings } from './settings.js';
import { onStopSignals } from './stop-signals.js';
import { startTracing, wantsTraces } from './tracing.js';
import { deploymentOptions, type DeploymentVersion } from './versioning.js';
import { WorkerHealth } from './worker-health.js';

export interface RunWorkerOptions extends ComputeSettings {
  /** `pipeline` listens on `distillery`, `compute` on `distillery-gpu`, `both` on both. */
  readonly queue: Role;
  /** Task queue of the compute work. Default `distillery-gpu`; another for stages with `resources.taskQueue`. */
  readonly computeQueue?: string;
  /** Modules that define types of stages, beside those in `DISTILLERY_STAGES`. */
  readonly stages?: readonly string[];
  /** Modules that define loaders of data sets, beside those in `DISTILLERY_LOADERS`, for pipeline workers. */
  readonly loaders?: readonly string[];
  /** How long to wait for Temporal at the start. Default 10. */
  readonly waitSeconds?: number;
  readonly onEvent?: OnWorkerEvent;
  /** Stops the worker, beside SIGINT and SIGTERM. */
  readonly signal?: AbortSignal;
  /** Where notices of a coming preemption are looked for; one stops the worker like SIGTERM. */
  readonly preemption?: PreemptionHook;
  /** Where `/livez` and `/readyz` answer over HTTP. Default: nowhere. */
  readonly health?: ListenAddress;
  /** Where Prometheus finds metrics, at `/metrics`. Default: nowhere. */
  readonly metrics?: ListenAddress;
  /** The version that Temporal's worker versioning knows this worker's workflows by. Default: none. */
  readonly version?: DeploymentVersion;
}

/**
 * Runs a worker until SIGINT, SIGTERM, the signal or a preemption notice: compute tasks write a checkpoint and
 * stop, and the process is ready to exit within five seconds, or `graceSeconds` and 3.5 more. A second SIGINT
 * or SIGTERM ends it on the spot.
 *
 * @throws DistilleryError `ServerUnavailable` (also where it cannot listen), `StoreRefused` or `StoreUnavailable` when it cannot start,
 *   `InvalidDefinition` when the preemption command cannot
 */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const { onEvent = () => undefined, preemption = {} } = options;
  const leaving = new AbortController();
  const release = await watchPreemption(preemption, {
    onNotice: (reason) => leaving.abort(reason),
    onTrouble: (message) => onEvent({ type: 'warning', message }),
  });
  try {
    // A machine that is about to go takes no work.
    if (leaving.signal.aborted) onEvent({ type: 'stopping', reason: String(leaving.signal.reason) });
    else await listen(options, leaving.signal);
  } finally {
    release();
  }
  onEvent({ type: 'stopped' });
}

async function listen(options: RunWorkerOptions, notice: AbortSignal): Promise<void> {
  const { metrics, onEvent = () => undefined } = options;
  const health = new WorkerHealth();
  const healthServer = options.health && (await serveHealth(options.health, health));
  try {
    // Before there is a runtime, which would keep the process when a module does not load.
    const equipment = await equip(options);
    installRuntime({ onEvent, metrics });
    await work(options, equipment, notice, health);
  } finally {
    healthServer?.close();
  }
}

interface Equipment {
  readonly dependencies: LightDependencies;
  readonly pool: ComputePool;
}

/** Loads the modules of the worker's owner. No process of the pool starts before its first task. */
async function equip(options: RunWorkerOptions): Promise<Equipment> {
  const { queue: role, onEvent = () => undefined, stages: modules = [], stageModules = [] } = options;
  const stages = role === 'compute' ? [] : await loadStageModules(modules, process.env[stagesVariable]);
  const datasets =
    role === 'compute' ? {} : await loadLoaderModules(options.loaders ?? [], process.env[loadersVariable]);
  const settings = { ...options, stageModules: [...stageModules, ...modules] };
  return {
    dependencies: lightDependencies((line) => onEvent({ type: 'note', line }), { stages, datasets }),
    pool: createPool(settings, (engine) => onEvent({ type: 'engine', engine })),
  };
}

async function work(
  options: RunWorkerOptions,
  { dependencies, pool }: Equipment,
  notice: AbortSignal,
  health: WorkerHealth,
): Promise<void> {
  const { queue: role, computeQueue = COMPUTE_QUEUE, onEvent = () => undefined } = options;
  const keys = codecKeysFrom(process.env);
  const dataConverter = withCodec(undefined, keys);
  const tracing = wantsTraces(process.env) ? await startTracing() : undefined;
  const { connection, address, namespace } = await connectWorker(options.waitSeconds ?? 10);
  health.connected(connection);
  try {
    const { location } = await dependencies.store();
    onEvent({ type: 'connected', address, namespace, store: location });
    if (keys[0] !== undefined)
      onEvent({ type: 'note', line: `payloads are encrypted with the key ${keys[0].id}` });
    const common = {
      connection,
      namespace,
      ...(dataConverter && { dataConverter }),
      ...(tracing && { plugins: [tracing.plugin] }),
      ...leavingSettings(options),
    };
    const workers: Worker[] = [];
    if (role !== 'compute') {
      const versioned = { ...common, ...deploymentOptions(options.version) };
      workers.push(await pipelineWorker(versioned, createLightActivities(dependencies)));
      onEvent({ type: 'listening', queue: PIPELINE_QUEUE });
    }
    if (role !== 'pipeline') {
      const slots = slotsOf(options);
      const activities = createComputeActivities({
        compute: pool,
        onTask: (event) => onEvent({ type: 'task', ...event }),
      });
      workers.push(
        await Worker.create({
          ...common,
          taskQueue: computeQueue,
          activities,
          maxConcurrentActivityTaskExecutions: slots,
        }),
      );
      onEvent({ type: 'listening', queue: computeQueue, slots });
    }
    health.running(workers);
    await runUntilStopped(workers, options, notice, {
      onLeave: () => health.leaves(),
      killCompute: () => pool.close(),
    });
  } finally {
    pool.close();
    await connection.close();
    await tracing?.shutdown();
  }
}

async function pipelineWorker(common: Omit<WorkerOptions, 'taskQueue'>, activities: object): Promise<Worker> {
  const source = await workflowSource({
    encrypts: common.dataConverter !== undefined,
    traced: common.plugins !== undefined,
  });
  return Worker.create({ ...common, ...source, taskQueue: PIPELINE_QUEUE, activities });
}

async function runUntilStopped(
  workers: readonly Worker[],
  { onEvent, signal }: RunWorkerOptions,
  notice: AbortSignal,
  { onLeave, killCompute }: { readonly onLeave: () => void; readonly killCompute: () => void },
): Promise<void> {
  let stopping = false;
  const stop = (reason: string) => {
    if (stopping) return;
    stopping = true;
    onLeave();
    onEvent?.({ type: 'stopping', reason });
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const release = onStopSignals(stop, killCompute);
  const onAbort = () => stop('asked to');
  const onNotice = () => stop(String(notice.reason));
  signal?.addEventListener('abort', onAbort);
  notice.addEventListener('abort', onNotice);
  try {
    const runs = workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        // When one of them cannot go on, the others leave as well.
        stop('a worker ended');
      }
    });
    if (signal?.aborted === true) onAbort();
    if (notice.aborted) onNotice();
    const results = await Promise.allSettled(runs);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    release();
    signal?.removeEventListener('abort', onAbort);
    notice.removeEventListener('abort', onNotice);
  }
}
