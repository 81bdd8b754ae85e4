/**
 * @file The Temporal plugin: adds distillery's activities and the settings they need to a worker of your own.
 */
import { SimplePlugin } from '@temporalio/plugin';
import type { BundleOptions, Worker, WorkerOptions } from '@temporalio/worker';
import { withCodec } from '../codec/data-converter.js';
import { codecKeysFrom, type CodecKey } from '../codec/keys.js';
import {
  activitiesOf,
  createPool,
  lightDependencies,
  slotsOf,
  type Additions,
  type ComputeSettings,
  type Role,
} from './dependencies.js';
import { watchPreemption, type PreemptionHook } from './preemption.js';
import { leavingSettings } from './settings.js';

export interface DistilleryPluginOptions extends ComputeSettings, Additions {
  /**
   * Which activities the worker takes. Compute activities are sent to the queue `distillery-gpu`; a worker
   * that is to run them listens there. Default `both`.
   */
  readonly role?: Role;
  /** Told of longer work in light activities, such as the download of a data set. */
  readonly onNote?: (line: string) => void;
  /** Where notices of a coming preemption are looked for; one shuts the worker down. */
  readonly preemption?: PreemptionHook;
  /**
   * Keys that payloads and messages of failures are encrypted with, on the client, the worker and in replay; the
   * first encrypts, all decrypt. Default: those of DISTILLERY_CODEC_KEY_FILE or DISTILLERY_CODEC_KEY. An empty
   * list leaves the data converter as it is.
   */
  readonly codecKeys?: readonly CodecKey[];
}

/**
 * Adds distillery to a worker. The worker's workflows stay its own; re-export distillery's from your
 * workflows file: `export * from 'distillery/workflows'`. The store is taken from `S3_ENDPOINT`, `S3_BUCKET`,
 * `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Settings that you give yourself win over the plugin's.
 *
 * ```ts
 * const plugins = [new DistilleryPlugin({ role: 'pipeline' })];
 * await Worker.create({ taskQueue: 'mine', workflowsPath, activities, plugins });
 * ```
 */
export class DistilleryPlugin extends SimplePlugin {
  private readonly slots: number | undefined;
  private readonly compute: ComputeSettings;
  private readonly preemption: PreemptionHook;
  private readonly onNote: (line: string) => void;
  private readonly codecKeys: readonly CodecKey[];

  constructor({
    role = 'both',
    onNote = () => undefined,
    preemption = {},
    codecKeys = codecKeysFrom(process.env),
    stages = [],
    datasets = {},
    ...compute
  }: DistilleryPluginOptions = {}) {
    const pool = createPool(compute);
    const activities = activitiesOf(role, {
      ...lightDependencies(onNote, { stages, datasets }),
      compute: pool,
    });
    super({
      name: 'distillery',
      ...(codecKeys.length > 0 && {
        dataConverter: (existing) => withCodec(existing, codecKeys) ?? {},
      }),
      // Merged under names of their own, so a plugin that is applied twice changes nothing the second time.
      activities: (existing) => ({ ...existing, ...activities }),
      async runContext(next) {
        try {
          await next();
        } finally {
          pool.close();
        }
      },
    });
    this.slots = role === 'compute' ? slotsOf(compute) : undefined;
    this.compute = compute;
    this.preemption = preemption;
    this.onNote = onNote;
    this.codecKeys = codecKeys;
  }

  /** A bundle of workflows holds the converter of failures, which the codec needs its own of. */
  override configureBundler(options: BundleOptions): BundleOptions {
    const converter = withCodec(undefined, this.codecKeys);
    return super.configureBundler({
      ...(converter?.failureConverterPath !== undefined && {
        failureConverterPath: converter.failureConverterPath,
      }),
      ...options,
    });
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    return super.configureWorker({
      ...leavingSettings(this.compute),
      // A worker for compute alone takes no more than it has processes for.
      ...(this.slots !== undefined && !options.tuner && { maxConcurrentActivityTaskExecutions: this.slots }),
      ...options,
    });
  }

  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    const release = await watchPreemption(this.preemption, {
      onNotice: (reason) => {
        this.onNote(`stopping (${reason})`);
        void leave(worker);
      },
      onTrouble: this.onNote,
    });
    try {
      await super.runWorker(worker, next);
    } finally {
      release();
    }
  }
}

/** Shuts the worker down as soon as it can be; one that has just been started cannot yet. */
async function leave(worker: Worker): Promise<void> {
  while (worker.getState() === 'INITIALIZED') await new Promise((resolve) => setTimeout(resolve, 20));
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
