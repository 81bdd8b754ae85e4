/**
 * @file Set-up: provides everything that distillery needs and does not carry.
 */
import { DistilleryError } from '../errors/errors.js';
import { ensureEngine } from './engine.js';
import { ensureFashionMnist } from './fashion-mnist.js';
import { distilleryHome, prepareHome } from './home.js';
import type { Provisions } from './provisions.js';
import { ensureS3 } from './s3.js';
import { secondsSince, type Say } from './say.js';
import { ensureTemporal } from './temporal.js';

export { distilleryHome } from './home.js';
export type { Provisions } from './provisions.js';
export type { Say } from './say.js';

/** What can be provided. */
const provisionNames = ['temporal', 's3', 'engine', 'fashion-mnist'] as const;
export type ProvisionName = (typeof provisionNames)[number];

export interface SetupOptions {
  /** Receives a line for everything that is done. */
  readonly say: Say;
  /** Cache folder; default `distilleryHome()`. */
  readonly home?: string;
  /** TensorFlow with CUDA. Default false. */
  readonly cuda?: boolean;
  /** Only these; default all. */
  readonly only?: readonly ProvisionName[];
  /** Folder with Fashion-MNIST; default `DISTILLERY_FASHION_MNIST`. */
  readonly fashionMnist?: string;
}

/**
 * Provides what is missing and returns where everything is. What is there already costs well under a
 * second. Safe to interrupt and to run twice at once. Throws `SetupFailed`, `NoSpace`, `InvalidDataset` or
 * `EngineUnavailable`, with the remedy.
 */
export async function setup(options: SetupOptions): Promise<Provisions> {
  const { say } = options;
  const start = performance.now();
  const home = options.home ?? distilleryHome();
  prepareHome(home);
  const wanted = new Set<ProvisionName>(options.only ?? provisionNames);
  const provisions: Provisions = {
    home,
    temporal: wanted.has('temporal') ? await ensureTemporal(home, say) : undefined,
    s3: wanted.has('s3') ? await ensureS3(home, say) : undefined,
    engine: wanted.has('engine') ? await ensureEngine(home, say, { cuda: options.cuda === true }) : undefined,
    fashionMnist: wanted.has('fashion-mnist')
      ? await ensureFashionMnist(home, say, { path: options.fashionMnist })
      : undefined,
  };
  for (const line of describeProvisions(provisions)) say(line);
  say(`set-up is complete after ${secondsSince(start)}; everything is under ${home}`);
  return provisions;
}

/** One line for each provision. */
function describeProvisions(provisions: Provisions): string[] {
  const { temporal, s3, engine, fashionMnist } = provisions;
  const lines: string[] = [];
  if (temporal !== undefined) {
    lines.push(
      `Temporal:      ${temporal.kind === 'address' ? `running at ${temporal.address}` : temporal.path}`,
    );
  }
  if (s3 !== undefined) {
    lines.push(`S3 store:      ${s3.kind === 'endpoint' ? `running at ${s3.endpoint}` : s3.path}`);
  }
  if (engine !== undefined)
    lines.push(`TensorFlow:    ${engine.version} (${engine.source}), ${engine.binding}`);
  if (fashionMnist !== undefined) lines.push(`Fashion-MNIST: ${fashionMnist.folder}`);
  return lines;
}

/** Parses a comma-separated list of provision names. Throws `InvalidDefinition` on an unknown one. */
export function parseProvisionNames(text: string): ProvisionName[] {
  return text.split(',').map((part) => {
    const name = provisionNames.find((known) => known === part.trim());
    if (name !== undefined) return name;
    throw new DistilleryError(
      'InvalidDefinition',
      `there is no "${part.trim()}" to set up; choose from ${provisionNames.join(', ')}`,
    );
  });
}
