/**
 * @file What is said of a file that a user named and that cannot be read.
 */
import { DistilleryError } from '../errors/errors.js';

export function unreadable(file: string, cause: unknown): DistilleryError {
  const code = (cause as NodeJS.ErrnoException).code;
  const reason =
    code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code);
  return new DistilleryError('InvalidDefinition', `Cannot read ${file}: ${reason}.`, { cause });
}
