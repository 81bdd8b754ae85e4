/**
 * @file `distillery worker`: one worker in the foreground, configured by its environment.
 */
import { type Command, Option } from 'commander';

import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import { managedMark } from '../services/managed-mark.js';
import { eventLog } from '../terminal/event-log.js';
import { jsonLog } from '../terminal/json-log.js';
import { listenAddress } from '../listen-address.js';
import { bytes, checkpointInterval, seconds, wholeNumber } from '../whole-number.js';
import { words } from '../words.js';
import { DistilleryError } from '../../errors/errors.js';
import type { DeploymentVersion, ListenAddress, WorkerEvent } from '../../worker/index.js';

interface WorkerOptions {
  queue: 'pipeline' | 'compute' | 'both';
  taskQueue?: string;
  slots?: number;
  threads?: number;
  devices?: string;
  memoryLimit?: number;
  datasetMemory?: number;
  datasetCache?: string;
  datasetCacheSize?: number;
  checkpointInterval?: number | 'off';
  networks?: readonly string[];
  stages?: readonly string[];
  loaders?: readonly string[];
  grace?: number;
  preemptionFile?: string;
  preemptionCommand?: readonly string[];
  logFormat: 'text' | 'json';
  health?: ListenAddress;
  metrics?: ListenAddress;
  deploymentName?: string;
  buildId?: string;
  versioning: 'pinned' | 'auto-upgrade';
}

const settings = `
Settings come from the environment: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE (or
temporal.toml), S3_ENDPOINT, S3_BUCKET, S3_REGION, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY (or the same with _FILE). Without them it works for the
servers of a running \`distillery up\`.`;

export function workerCommand(context: CommandContext): Command {
  return commandWithExamples('worker', 'Run one worker in the foreground.', [
    { command: 'distillery worker --queue pipeline', meaning: 'workflows and light activities' },
    { command: 'distillery worker --queue compute', meaning: 'training, on this machine' },
    { command: 'distillery worker --queue compute --devices 0,1', meaning: 'one slot for each of two GPUs' },
  ])
    .addHelpText('after', settings)
    .addOption(
      new Option('-q, --queue <queue>', 'what to work on')
        .choices(['pipeline', 'compute', 'both'])
        .makeOptionMandatory(),
    )
    .option('--task-queue <name>', 'for stages that ask for it by resources.taskQueue')
    .option('--slots <count>', 'compute tasks at once, a process each', wholeNumber)
    .option('--threads <count>', 'threads of each slot', wholeNumber)
    .option('--devices <list>', 'CUDA devices by index or id, one slot each')
    .option('--networks <files...>', 'modules that define networks of your own')
    .option('--stages <files...>', 'modules that define types of stages of your own')
    .option('--loaders <files...>', 'modules that define loaders of data sets')
    .addOption(
      new Option('--memory-limit <size>', 'of each slot, such as 8GiB (default: 90 % / slots)')
        .env('DISTILLERY_MEMORY_LIMIT')
        .argParser(bytes),
    )
    .addOption(
      new Option('--dataset-memory <size>', 'larger data sets stay on disk (default: 1/4 of a slot)')
        .env('DISTILLERY_DATASET_MEMORY')
        .argParser(bytes),
    )
    .addOption(
      new Option('--dataset-cache <folder>', 'where they are kept (default: in the cache folder)').env(
        'DISTILLERY_DATASET_CACHE',
      ),
    )
    .addOption(
      new Option('--dataset-cache-size <size>', 'what it may hold (default: 100GiB)')
        .env('DISTILLERY_DATASET_CACHE_SIZE')
        .argParser(bytes),
    )
    .addOption(
      new Option('--checkpoint-interval <seconds>', 'at most so much is lost; 0, or off (default: 10)')
        .env('DISTILLERY_CHECKPOINT_INTERVAL')
        .argParser(checkpointInterval),
    )
    .addOption(
      new Option('--grace <seconds>', 'for the last checkpoints when leaving (default: 1.5)')
        .env('DISTILLERY_GRACE')
        .argParser(seconds),
    )
    .addOption(
      new Option('--preemption-file <path>', 'leave when this file appears').env(
        'DISTILLERY_PREEMPTION_FILE',
      ),
    )
    .addOption(
      new Option('--preemption-command <command>', 'run every 2 s, no shell; leave when it ends with 0')
        .env('DISTILLERY_PREEMPTION_COMMAND')
        .argParser(words),
    )
    .addOption(
      new Option('--log-format <format>', 'how events are printed')
        .choices(['text', 'json'])
        .default('text')
        .env('DISTILLERY_LOG_FORMAT'),
    )
    .addOption(
      new Option('--health <[host:]port>', 'answer /livez and /readyz there (host: 127.0.0.1)')
        .env('DISTILLERY_HEALTH')
        .argParser(listenAddress),
    )
    .addOption(
      new Option('--metrics <[host:]port>', 'offer /metrics to Prometheus there (host: 127.0.0.1)')
        .env('DISTILLERY_METRICS')
        .argParser(listenAddress),
    )
    .addOption(
      new Option('--deployment-name <name>', "deployment of Temporal's worker versioning").env(
        'DISTILLERY_DEPLOYMENT_NAME',
      ),
    )
    .addOption(
      new Option('--build-id <id>', 'version of this worker in its deployment').env('DISTILLERY_BUILD_ID'),
    )
    .addOption(
      new Option('--versioning <behavior>', 'what runs do when the current version changes')
        .choices(['pinned', 'auto-upgrade'])
        .default('pinned'),
    )
    .action(async (options: WorkerOptions) => {
      const { describeEvent, runWorker } = await import('../../worker/index.js');
      // The worker reads the process's environment, and so do the processes that it starts.
      Object.assign(process.env, serversOf(context));
      const { health, metrics, logFormat } = options;
      const text = eventLog(context.out);
      const json = jsonLog(context.out, options.queue);
      const log = (event: WorkerEvent): void =>
        logFormat === 'json' ? json(event) : text(options.queue, describeEvent(event));
      // Other process managers open a channel as well, and do not expect our events in it.
      const parent = context.environment[managedMark] === undefined ? undefined : process.send?.bind(process);
      const leaving = new AbortController();
      // Started by `up` or `demo`: without them nobody would stop us.
      if (parent !== undefined) process.once('disconnect', () => leaving.abort());
      const {
        queue,
        taskQueue,
        slots,
        threads,
        devices,
        networks,
        stages,
        loaders,
        grace,
        preemptionFile,
        preemptionCommand,
      } = options;
      const { memoryLimit, checkpointInterval: interval } = options;
      const { datasetMemory, datasetCache, datasetCacheSize } = options;
      await runWorker({
        queue,
        ...(taskQueue === undefined ? {} : { computeQueue: taskQueue }),
        ...(slots === undefined ? {} : { slots }),
        ...(threads === undefined ? {} : { threads }),
        ...(networks === undefined ? {} : { networks }),
        ...(stages === undefined ? {} : { stages }),
        ...(loaders === undefined ? {} : { loaders }),
        ...(devices === undefined ? {} : { devices: devices.split(',').map((device) => device.trim()) }),
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
        ...(datasetMemory === undefined ? {} : { datasetMemory }),
        ...(datasetCache === undefined ? {} : { datasetCache }),
        ...(datasetCacheSize === undefined ? {} : { datasetCacheBytes: datasetCacheSize }),
        ...(interval === undefined ? {} : { checkpointInterval: interval }),
        ...(grace === undefined ? {} : { graceSeconds: grace }),
        preemption: {
          ...(preemptionFile === undefined ? {} : { file: preemptionFile }),
          ...(preemptionCommand === undefined ? {} : { command: preemptionCommand }),
        },
        ...(health === undefined ? {} : { health }),
        ...(metrics === undefined ? {} : { metrics }),
        ...versionOf(options),
        signal: leaving.signal,
        onEvent: (event) => {
          if (parent === undefined) log(event);
          else if (process.connected) parent(event);
        },
      });
      // The channel would keep the process alive.
      if (parent !== undefined && process.connected) process.disconnect();
    });
}

function versionOf({ deploymentName, buildId, versioning }: WorkerOptions): { version?: DeploymentVersion } {
  if (deploymentName === undefined && buildId === undefined) return {};
  if (deploymentName === undefined || buildId === undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      'A version is a --deployment-name and a --build-id (DISTILLERY_DEPLOYMENT_NAME, DISTILLERY_BUILD_ID); ' +
        'give both or neither.',
    );
  return { version: { deploymentName, buildId, behavior: versioning } };
}
