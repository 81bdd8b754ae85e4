/**
 * @file What a user may call a data set: a well-known name, one that is in the store, or a place to look at.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, extname } from 'node:path';

import { knownDataset } from '../../definition/builtin-datasets.js';
import { namePattern } from '../../definition/schema-values.js';
import { DistilleryError } from '../../errors/errors.js';
import type { ChosenDataset } from './choices.js';

/**
 * @throws DistilleryError `InvalidDefinition` for what is neither a name nor a place; `InvalidDataset` for a place
 *   that holds no data set
 */
export async function chooseDataset(answer: string, environment: NodeJS.ProcessEnv): Promise<ChosenDataset> {
  // A shell expands it on the command line, nobody does in an answer.
  const given = answer.replace(/^~(?=\/|$)/, homedir());
  const known = knownDataset(given);
  if (known !== undefined) {
    const { trainImages, shape } = known;
    return { source: given, trainImages, side: Math.min(shape.height, shape.width) };
  }
  if (isPlace(given)) return lookAt(given, environment);
  if (namePattern.test(given)) return { source: given };
  throw new DistilleryError(
    'InvalidDefinition',
    `"${given}" is neither the name of a data set (a-z, 0-9 and "-") nor a folder, archive or file that is there.`,
  );
}

function isPlace(given: string): boolean {
  return given.startsWith('s3://') || existsSync(given);
}

async function lookAt(place: string, environment: NodeJS.ProcessEnv): Promise<ChosenDataset> {
  const { inspectDataset } = await import('../../datasets/inspect.js');
  const { train, shape } = await inspectDataset(place, { environment });
  return {
    source: nameFor(place),
    trainImages: train.count,
    side: Math.min(shape.height, shape.width),
    importFrom: place,
  };
}

/** A valid name that reads like the place: `my-photos` for `./My Photos.zip`. */
export function nameFor(place: string): string {
  const plain = basename(place, extname(place))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 60);
  return plain === '' ? 'my-data' : plain;
}
