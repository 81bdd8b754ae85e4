/**
 * @file Tar archives (ustar, with the long names of GNU tar and pax), read in place.
 */
import { wrongFile } from '../wrong-file.js';
import { archivePath } from './archive-path.js';
import { fileTree, type DataFile, type FileTree } from './tree.js';

const blockBytes = 512;
/** Of the records that hold long names; a name needs no more. */
const mostNameBytes = 64 * 1024;
const text = new TextDecoder();

interface Header {
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
}

/**
 * The files of an archive. Links and devices are passed over.
 * @throws DistilleryError `InvalidDataset` when it is damaged, cut off, or holds names that lead out of it.
 */
export async function tarTree(archive: DataFile): Promise<FileTree> {
  const files: DataFile[] = [];
  let longName: string | undefined;
  let longBytes: number | undefined;
  for (let at = 0; ;) {
    // An archive ends with empty blocks.
    if (at + blockBytes > archive.bytes) {
      const found = `its end after ${archive.bytes} bytes: the archive is cut off`;
      throw wrongFile(archive.label, `a tar header at byte ${at}`, found);
    }
    const block = await archive.read(at, at + blockBytes);
    if (block.every((byte) => byte === 0)) break;
    const header = readHeader(block, archive.label, at);
    const bytes = longBytes ?? header.bytes;
    const begin = at + blockBytes;
    const end = begin + bytes;
    if (end > archive.bytes) {
      throw wrongFile(
        archive.label,
        `${end} bytes for ${header.name}`,
        `${archive.bytes}: the archive is cut off`,
      );
    }
    at = begin + Math.ceil(bytes / blockBytes) * blockBytes;
    if (header.type === 'L' || header.type === 'x') {
      if (bytes > mostNameBytes)
        throw wrongFile(archive.label, `a name of at most ${mostNameBytes} bytes`, `${bytes}`);
      const record = text.decode(await archive.read(begin, end));
      if (header.type === 'L') longName = record.replace(/\0.*$/s, '');
      else ({ path: longName = longName, bytes: longBytes } = readPax(record));
      continue;
    }
    if (header.type === '0' || header.type === '\0' || header.type === '7') {
      files.push(member(archive, archivePath(longName ?? header.name, archive.label), begin, bytes));
    }
    longName = undefined;
    longBytes = undefined;
  }
  return fileTree(archive.label, files);
}

function member(archive: DataFile, path: string, offset: number, bytes: number): DataFile {
  return {
    path,
    label: `${archive.label}:${path}`,
    bytes,
    read: (begin = 0, end = bytes) => archive.read(offset + begin, offset + end),
  };
}

function readHeader(block: Uint8Array, label: string, at: number): Header {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== number(block.subarray(148, 156))) {
    throw wrongFile(label, `a tar header at byte ${at}`, 'something with another checksum');
  }
  const prefix = string(block.subarray(257, 262)) === 'ustar' ? string(block.subarray(345, 500)) : '';
  const name = string(block.subarray(0, 100));
  // GNU tar keeps times in the place of the prefix.
  const gnu = block[263] === 0x20;
  return {
    name: prefix === '' || gnu ? name : `${prefix}/${name}`,
    bytes: number(block.subarray(124, 136)),
    type: String.fromCharCode(block[156] ?? 0),
  };
}

/** Records "LENGTH KEY=VALUE\n", the length counting all of itself. */
function readPax(record: string): { path?: string; bytes?: number } {
  const path = /(?:^|\n)\d+ path=([^\n]*)/.exec(record)?.[1];
  const bytes = /(?:^|\n)\d+ size=(\d+)/.exec(record)?.[1];
  return {
    ...(path === undefined ? {} : { path }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
  };
}

function string(field: Uint8Array): string {
  const end = field.indexOf(0);
  return text.decode(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or big-endian binary with the highest bit set. NaN when neither. */
function number(field: Uint8Array): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    return field.subarray(1).reduce((total, byte) => total * 256 + byte, (field[0] ?? 0) & 0x7f);
  }
  const digits = string(field).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || '0', 8) : Number.NaN;
}
