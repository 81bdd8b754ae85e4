/**
 * @file From what a user calls a data set's place to its files.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { listForeignObjects } from '../../artifacts/foreign-objects.js';
import { DistilleryError } from '../../errors/errors.js';
import { localFile, localTree } from './local.js';
import { Scratch } from './scratch.js';
import { tarTree } from './tar.js';
import { fileTree, type DataFile, type FileTree } from './tree.js';
import { zipTree } from './zip.js';

/** The files at a place, and where they may be unpacked. */
export interface OpenFiles {
  readonly tree: FileTree;
  readonly scratch: Scratch;
  readonly close: () => Promise<void>;
}

/**
 * @param place a folder, a file, or `s3://bucket/prefix`.
 * @param environment where S3's endpoint and credentials are found.
 * @throws DistilleryError `InvalidDataset` when nothing is there.
 */
export async function openFiles(place: string, environment: NodeJS.ProcessEnv): Promise<OpenFiles> {
  const scratch = new Scratch();
  if (place.startsWith('s3://')) {
    const found = await listForeignObjects(place, environment);
    const bucket = place.split('/', 3).join('/');
    const files = found.objects.map(({ key, bytes }): DataFile => ({
      path: key.slice(found.prefix.length),
      label: `${bucket}/${key}`,
      bytes,
      read: (begin = 0, end = bytes) => found.read(key, begin, end - begin),
    }));
    const end = async (): Promise<void> => {
      found.close();
      await scratch.close();
    };
    return { tree: fileTree(place, files), scratch, close: end };
  }
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) {
    throw new DistilleryError(
      'InvalidDataset',
      `There is no ${place}. Give the folder or the file that holds the data set.`,
    );
  }
  const tree = found.isDirectory()
    ? await localTree(place)
    : fileTree(place, [localFile(place, basename(place), found.size)]);
  return { tree, scratch, close: () => scratch.close() };
}

const archivePattern = /\.(tar|tar\.gz|tgz|zip)$/i;

/** The files in the one archive that the tree consists of; undefined where it is not that. */
export async function openArchive({ files }: FileTree, scratch: Scratch): Promise<FileTree | undefined> {
  const archives = files.filter(({ path }) => archivePattern.test(path));
  const [archive] = archives;
  if (archive === undefined || archives.length > 1) return undefined;
  if (/\.zip$/i.test(archive.path)) return zipTree(await scratch.local(archive), scratch);
  if (/gz$/i.test(archive.path)) return tarTree(await scratch.gunzipped(archive));
  return tarTree(await scratch.local(archive));
}
