/**
 * @file Provides what servers and workers need before they start. Runs before Ctrl-C is taken over, so that
 * a long download can be interrupted like any other command; set-up is safe against that.
 */
import { DistilleryError } from '../../errors/errors.js';
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
  /** Whether Fashion-MNIST must be there; else its absence is only mentioned. */
  readonly needsFashionMnist: boolean;
}

export interface Prepared {
  /** Folder with the files of Fashion-MNIST. */
  readonly fashionMnist: string | undefined;
}

/** Says nothing when everything is there. Throws what set-up throws. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { workers, environment, event } = options;
  const home = distilleryHome(environment);
  prepareHome(home);
  const say = (line: string): void => event('setup', line);
  // Servers of the user's own are looked at when they are used.
  if (!environment['TEMPORAL_ADDRESS']) await ensureTemporal(home, say, environment);
  if (!environment['S3_ENDPOINT']) await ensureS3(home, say, environment);
  if (workers.includes('compute')) await ensureEngine(home, say);
  return { fashionMnist: workers.includes('pipeline') ? await fashionMnist(home, options) : undefined };
}

async function fashionMnist(
  home: string,
  { event, needsFashionMnist }: PrepareOptions,
): Promise<string | undefined> {
  try {
    return (await ensureFashionMnist(home, (line) => event('setup', line))).folder;
  } catch (error) {
    if (needsFashionMnist || !(error instanceof DistilleryError)) throw error;
    event('setup', `going on without Fashion-MNIST: ${error.message}`);
    return undefined;
  }
}
