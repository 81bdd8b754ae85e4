/**
 * @file Files on this machine.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { wrongFile } from '../wrong-file.js';
import { fileTree, type DataFile, type FileTree } from './tree.js';

/** @param path where it is; `name` is its path in its tree, `label` its name in messages. */
export function localFile(path: string, name: string, bytes: number, label = path): DataFile {
  return {
    path: name,
    label,
    bytes,
    localPath: path,
    async read(begin = 0, end = bytes) {
      const content = new Uint8Array(end - begin);
      const file = await open(path, 'r');
      try {
        let at = 0;
        while (at < content.length) {
          const { bytesRead } = await file.read(content, at, content.length - at, begin + at);
          if (bytesRead === 0) throw wrongFile(label, `${end} bytes`, `its end after ${begin + at}`);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
      return content;
    },
  };
}

/** All files below a folder. Links are followed for files, not for folders, so that there is an end. */
export async function localTree(folder: string): Promise<FileTree> {
  const files: DataFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    files.push(localFile(path, relative(folder, path).split(sep).join('/'), found.size));
  }
  return fileTree(folder, files);
}
