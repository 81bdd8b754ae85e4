/**
 * @file Files of a data set, wherever they are: in a folder, in an archive or in S3. Formats read them by
 * parts and never need to know.
 */

export interface DataFile {
  /** Within its tree, parts separated by "/". */
  readonly path: string;
  /** As messages name it. */
  readonly label: string;
  readonly bytes: number;
  /** Where it is on this machine's disk, if it is there as a file of its own. */
  readonly localPath?: string;
  /** The bytes from `begin` (default 0) up to `end` (default all of them), exactly so many. */
  read(begin?: number, end?: number): Promise<Uint8Array>;
}

export interface FileTree {
  /** As messages name it. */
  readonly label: string;
  /** In the order of their paths. */
  readonly files: readonly DataFile[];
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A tree in path order, without what systems leave behind (hidden files, `__MACOSX`). */
export function fileTree(label: string, files: readonly DataFile[]): FileTree {
  const wanted = files.filter(
    ({ path }) => !path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX'),
  );
  return { label, files: wanted.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) };
}

/** The tree below the one folder that holds everything; undefined where there is no such folder. */
export function withoutTopFolder({ label, files }: FileTree): FileTree | undefined {
  const top = /^[^/]+\//.exec(files[0]?.path ?? '')?.[0];
  if (top === undefined || !files.every(({ path }) => path.startsWith(top))) return undefined;
  const below = files.map((file): DataFile => ({
    path: file.path.slice(top.length),
    label: file.label,
    bytes: file.bytes,
    ...(file.localPath === undefined ? {} : { localPath: file.localPath }),
    read: (begin, end) => file.read(begin, end),
  }));
  return { label: `${label}/${top.slice(0, -1)}`, files: below };
}
