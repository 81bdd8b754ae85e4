/**
 * @file What the demo runs on: the servers and workers that are up already, or its own.
 */
import { freePorts, isFree } from '../../servers/ports.js';
import { DistilleryError } from '../../errors/errors.js';
import type { CommandContext } from '../command-context.js';
import { startServices } from '../services/services.js';
import { clientEnvironment, type Environment } from '../state/client-environment.js';
import type { EventSink } from '../terminal/event-log.js';

export interface DemoServices {
  readonly environment: Environment;
  readonly ui: string | undefined;
  /** They were there before and stay. */
  readonly shared: boolean;
  /** Rejects when a server of ours ends by itself. */
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

/** The servers and workers of a running `distillery up`, if it has both workers. */
export function sharedServices(context: CommandContext): DemoServices | undefined {
  const running = context.stateFile.read();
  const works = (queue: string): boolean =>
    running?.workers.some((worker) => worker.queue === queue) ?? false;
  if (running?.ready !== true || !works('pipeline') || !works('compute')) return undefined;
  return {
    environment: clientEnvironment(context.environment, running),
    ui: running.ui,
    shared: true,
    failure: new Promise<never>(() => undefined),
    stop: () => Promise.resolve(),
  };
}

/** Starts servers and workers. Undefined when it was told to stop meanwhile. */
export async function ownServices(
  context: CommandContext,
  event: EventSink,
  signal: AbortSignal,
): Promise<DemoServices | undefined> {
  try {
    const services = await startServices({
      command: 'demo',
      workers: ['pipeline', 'compute'],
      environment: await withFreePorts(context.environment),
      stateFile: context.stateFile,
      event,
      verbose: false,
      signal,
    });
    return { ...services, shared: false };
  } catch (error) {
    if (signal.aborted && error instanceof DistilleryError) return undefined;
    throw error;
  }
}

/** A demo should not fail because of somebody else's server on a usual port: nobody connects by hand. */
async function withFreePorts(environment: Environment): Promise<Environment> {
  const usual = { DISTILLERY_TEMPORAL_PORT: 7233, DISTILLERY_S3_PORT: 9000 };
  const chosen: Record<string, string> = {};
  for (const [name, port] of Object.entries(usual)) {
    if ((environment[name] ?? '') !== '' || (await isFree(port))) continue;
    const [free] = await freePorts(1);
    chosen[name] = String(free);
  }
  return { ...environment, ...chosen };
}
