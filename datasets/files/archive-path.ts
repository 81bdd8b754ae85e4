/**
 * @file Names of files in archives, which come from strangers.
 */
import { wrongFile } from '../wrong-file.js';

/**
 * The name with "/" between its parts and without "./" before it.
 * @throws DistilleryError `InvalidDataset` when it leads out of the archive. Nothing is ever written where it
 *   points to, but an archive with such a name was made to do harm.
 */
export function archivePath(name: string, archive: string): string {
  const parts = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (/^([/\\]|[A-Za-z]:)/.test(name) || parts.includes('..') || name.includes('\0')) {
    throw wrongFile(
      archive,
      'names below its own folder',
      JSON.stringify(name),
      'Do not trust this archive.',
    );
  }
  return parts.join('/');
}
