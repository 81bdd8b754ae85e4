/**
 * @file How a file that is not right is spoken of: which, what was expected, what was found, what to do.
 */
import { DistilleryError } from '../errors/errors.js';

/**
 * @param file as people find it: its path, or the archive and the path in it.
 * @param advice a sentence; default: to get the file again.
 */
export function wrongFile(
  file: string,
  expected: string,
  found: string,
  advice = 'Get the file again from where the data set is published.',
): DistilleryError {
  return new DistilleryError('InvalidDataset', `${file}: expected ${expected}, found ${found}. ${advice}`);
}
