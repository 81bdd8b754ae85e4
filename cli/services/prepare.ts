/**
 * @file Provides what servers and workers need before they start. Runs before Ctrl-C is taken over, so that
 * a long download can be interrupted like any other command; set-up is safe against that.
 */
import { ensureEngine } from '../../setup/engine.js';
import { ensureFashionMnist } from '../../setup/fashion-mnist.js';
import { distilleryHome, prepareHome } from '../../setup/home.js';
import { ensureS3 } from '../../setup/s3.js';
import { ensureTemporal } from '../../setup/temporal.js';
import type { Environment } from '../state/client-environment.js';
import type { EventSink } from '../terminal/event-log.js';
import type { WorkerQueue } from './worker-process.js';

export interface PrepareOptions {
  readonly workers: readonly WorkerQueue[];
  readonly environment: Environment;
  readonly event: EventSink;
  /** Whether to fetch Fashion-MNIST now; otherwise the worker does when a run names it. */
  readonly fashionMnist: boolean;
}

/** Says nothing when everything is there. Throws what set-up throws. */
export async function prepare({ workers, environment, event, fashionMnist }: PrepareOptions): Promise<void> {
  const home = distilleryHome(environment);
  prepareHome(home);
  const say = (line: string): void => event('setup', line);
  // Servers of the user's own are looked at when they are used.
  if (!environment['TEMPORAL_ADDRESS']) await ensureTemporal(home, say, environment);
  if (!environment['S3_ENDPOINT']) await ensureS3(home, say, environment);
  if (workers.includes('compute')) await ensureEngine(home, say);
  if (fashionMnist) await ensureFashionMnist(home, say);
}
