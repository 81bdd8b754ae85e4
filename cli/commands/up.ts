/**
 * @file `distillery up`: servers and workers on this machine.
 */
import { join } from 'node:path';

import { type Command, InvalidArgumentError, Option } from 'commander';

import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples } from '../command-context.js';
import type { WorkerQueue } from '../services/worker-process.js';
import type { Environment } from '../state/client-environment.js';
import type { ServicesState } from '../state/state-file.js';
import { eventLog } from '../terminal/event-log.js';
import { portNumber } from '../whole-number.js';

interface UpOptions {
  detach?: true;
  workers: readonly WorkerQueue[];
  port?: number;
  uiPort?: number;
  s3Port?: number;
}

const ownServers = `
Your own servers are used where TEMPORAL_ADDRESS or S3_ENDPOINT (with
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) is set. Everything listens on
127.0.0.1 only. Data stays in DISTILLERY_HOME between starts.`;

export function upCommand(context: CommandContext): Command {
  return commandWithExamples('up', 'Run Temporal, an S3 store and workers here.', [
    { command: 'distillery up', meaning: 'in the foreground, one line per event' },
    { command: 'distillery up --detach', meaning: 'in the background; `distillery down` stops it' },
    { command: 'distillery up --workers pipeline', meaning: 'compute elsewhere: `distillery worker`' },
  ])
    .addHelpText('after', ownServers)
    .option('-d, --detach', 'start in the background and return when ready')
    .addOption(
      new Option('--workers <list>', 'workers to run: pipeline, compute, none')
        .default(['pipeline', 'compute'], 'pipeline,compute')
        .argParser(workerList),
    )
    .option('--port <port>', 'port of Temporal (default: 7233)', portNumber)
    .option('--ui-port <port>', 'port of its UI (default: 8233, or a free one)', portNumber)
    .option('--s3-port <port>', 'port of the S3 store (default: 9000)', portNumber)
    .action(async (options: UpOptions) => {
      const environment = withPorts(context.environment, options);
      if (options.detach) await upDetached(context, environment, options);
      else await upInForeground(context, environment, options);
    });
}

async function upInForeground(
  context: CommandContext,
  environment: Environment,
  options: UpOptions,
): Promise<void> {
  const { startServices } = await import('../services/services.js');
  const { stopSignals } = await import('../services/stop-signals.js');
  const { prepare } = await import('../services/prepare.js');
  const event = eventLog(context.out);
  const { workers } = options;
  await prepare({ workers, environment, event, fashionMnist: false });
  const stop = stopSignals();
  try {
    const services = await startServices({
      command: 'up',
      workers,
      environment,
      stateFile: context.stateFile,
      event,
      verbose: true,
      signal: stop.signal,
      ...logOf(environment),
    });
    try {
      event('up', 'ready; start a pipeline with `distillery run FILE`; Ctrl-C stops all');
      await Promise.race([stop.stopped, services.failure]);
    } finally {
      await services.stop();
      event('up', 'stopped');
    }
  } catch (error) {
    // Being told to stop while starting is no failure.
    if (!(stop.signal.aborted && error instanceof DistilleryError)) throw error;
  } finally {
    stop.dispose();
  }
}

async function upDetached(
  context: CommandContext,
  environment: Environment,
  options: UpOptions,
): Promise<void> {
  const { startDetached } = await import('../services/detach.js');
  const { out, stateFile } = context;
  const running = stateFile.read();
  if (running?.command === 'up' && running.ready) {
    out.line(`Already running (process ${running.pid}).`);
    describe(running, context);
    return;
  }
  const log = join(stateFile.directory, 'logs', 'up.log');
  const words = ['up', '--workers', options.workers.join(',') || 'none'];
  const state = await startDetached({
    words,
    environment: { ...environment, DISTILLERY_UP_LOG: log },
    stateFile,
    log,
  });
  out.line(`Running in the background (process ${state.pid}).`);
  describe(state, context);
}

function describe(state: ServicesState, { out }: CommandContext): void {
  const { TEMPORAL_ADDRESS: temporal = '-', S3_ENDPOINT: s3 = '-' } = state.environment;
  out.line(`  Temporal  ${temporal}${state.ui === undefined ? '' : `  (UI ${state.ui})`}`);
  out.line(`  S3        ${s3}`);
  out.line(`  workers   ${state.workers.map(({ queue, pid }) => `${queue} (${pid})`).join(', ') || 'none'}`);
  if (state.log !== undefined) out.line(`  log       ${state.log}`);
  out.line('Stop it with `distillery down`.');
}

/** The background process is told where its output goes, for the state file. */
function logOf(environment: Environment): { log?: string } {
  const log = environment['DISTILLERY_UP_LOG'];
  return log === undefined ? {} : { log };
}

function withPorts(environment: Environment, { port, uiPort, s3Port }: UpOptions): Environment {
  const set = (name: string, value: number | undefined): Record<string, string> =>
    value === undefined ? {} : { [name]: String(value) };
  return {
    ...environment,
    ...set('DISTILLERY_TEMPORAL_PORT', port),
    ...set('DISTILLERY_UI_PORT', uiPort),
    ...set('DISTILLERY_S3_PORT', s3Port),
  };
}

function workerList(text: string): readonly WorkerQueue[] {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'pipeline' && name !== 'compute');
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is none of pipeline, compute, none.`);
  return [...new Set(names)] as WorkerQueue[];
}
