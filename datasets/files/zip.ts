/**
 * @file Zip archives, read in place: members stored or deflated, also beyond 4 GiB (zip64).
 */
import { inflateRawSync } from 'node:zlib';
import { wrongFile } from '../wrong-file.js';
import { archivePath } from './archive-path.js';
import { mostUnpackedBytes, type Scratch } from './scratch.js';
import { fileTree, type DataFile, type FileTree } from './tree.js';

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const entrySignature = 0x02014b50;
const memberSignature = 0x04034b50;
/** The end record and the longest comment after it. */
const mostEndBytes = 22 + 0xffff;
/** Deflated members up to here are unpacked in memory whenever they are read. */
const smallBytes = 32 * 1024 * 1024;
const text = new TextDecoder();

interface Entry {
  readonly path: string;
  readonly deflated: boolean;
  readonly packed: number;
  readonly bytes: number;
  readonly offset: number;
}

/**
 * The files of an archive.
 * @throws DistilleryError `InvalidDataset` when it is damaged, cut off, encrypted, swells absurdly, or holds
 *   names that lead out of it.
 */
export async function zipTree(archive: DataFile, scratch: Scratch): Promise<FileTree> {
  const { count, begin, end } = await findDirectory(archive);
  const directory = await archive.read(begin, end);
  const view = viewOf(directory);
  const files: DataFile[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > directory.length || view.getUint32(at, true) !== entrySignature) {
      throw wrongFile(archive.label, `${count} entries in its directory`, `${i} whole ones`);
    }
    const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const [nameBytes = 0, extraBytes = 0, commentBytes = 0] = lengths;
    const name = text.decode(directory.subarray(at + 46, at + 46 + nameBytes));
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
    if (!name.endsWith('/')) files.push(member(archive, readEntry(view, at, name, extra, archive), scratch));
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return fileTree(archive.label, files);
}

async function findDirectory(archive: DataFile): Promise<{ count: number; begin: number; end: number }> {
  const from = Math.max(0, archive.bytes - mostEndBytes);
  const tail = await archive.read(from, archive.bytes);
  const view = viewOf(tail);
  let at = tail.length - 22;
  while (at >= 0 && view.getUint32(at, true) !== endSignature) at -= 1;
  if (at < 0)
    throw wrongFile(archive.label, 'a zip archive with its directory at the end', 'none: it is cut off');
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let begin = view.getUint32(at + 16, true);
  if (count === 0xffff || size === 0xffffffff || begin === 0xffffffff) {
    const place = at >= 20 ? Number(view.getBigUint64(at - 12, true)) : -1;
    const record =
      place >= 0 && place + 56 <= archive.bytes ? await archive.read(place, place + 56) : undefined;
    if (record === undefined || viewOf(record).getUint32(0, true) !== end64Signature) {
      throw wrongFile(archive.label, 'a zip64 directory', 'none');
    }
    [count = 0, size = 0, begin = 0] = [32, 40, 48].map((field) =>
      Number(viewOf(record).getBigUint64(field, true)),
    );
  }
  if (begin + size > archive.bytes)
    throw wrongFile(archive.label, `${begin + size} bytes`, `${archive.bytes}`);
  return { count, begin, end: begin + size };
}

function readEntry(view: DataView, at: number, name: string, extra: Uint8Array, archive: DataFile): Entry {
  const path = archivePath(name, archive.label);
  const label = `${archive.label}:${path}`;
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw wrongFile(label, 'a member in the clear', 'an encrypted one');
  if (method !== 0 && method !== 8) throw wrongFile(label, 'a stored or deflated member', `method ${method}`);
  const wide = wideFields(extra);
  // Each of the three that does not fit stands in the extra field, in this order.
  const field = (place: number): number => {
    const value = view.getUint32(at + place, true);
    return value === 0xffffffff ? (wide.shift() ?? value) : value;
  };
  const bytes = field(24);
  const packed = field(20);
  const offset = field(42);
  if (offset + packed > archive.bytes)
    throw wrongFile(label, `${packed} bytes at ${offset}`, 'the end of the archive');
  if (method === 0 && packed !== bytes) throw wrongFile(label, `${bytes} bytes`, String(packed));
  if (bytes > mostUnpackedBytes(packed)) {
    const most = `at most ${mostUnpackedBytes(packed)} bytes unpacked`;
    throw wrongFile(label, most, String(bytes), 'Unpack it yourself if you trust it.');
  }
  return { path, deflated: method === 8, packed, bytes, offset };
}

function wideFields(extra: Uint8Array): number[] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && at + 4 + size <= extra.length) {
      return Array.from({ length: Math.floor(size / 8) }, (_, i) =>
        Number(view.getBigUint64(at + 4 + 8 * i, true)),
      );
    }
    at += 4 + size;
  }
  return [];
}

function member(
  archive: DataFile,
  { path, deflated, packed, bytes, offset }: Entry,
  scratch: Scratch,
): DataFile {
  const label = `${archive.label}:${path}`;
  const begin = async (): Promise<number> => {
    const header = await archive.read(offset, Math.min(archive.bytes, offset + 30));
    const view = viewOf(header);
    if (header.length < 30 || view.getUint32(0, true) !== memberSignature) {
      throw wrongFile(label, `a zip member at byte ${offset}`, 'something else');
    }
    const data = offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
    if (data + packed > archive.bytes) throw wrongFile(label, `${packed} bytes`, 'the end of the archive');
    return data;
  };
  let place: Promise<number> | undefined;
  const read = async (from = 0, to = packed): Promise<Uint8Array> => {
    const data = await (place ??= begin());
    return archive.read(data + from, data + to);
  };
  if (!deflated) return { path, label, bytes, read };
  let unpacked: Promise<DataFile> | undefined;
  return {
    path,
    label,
    bytes,
    async read(from = 0, to = bytes) {
      if (bytes <= smallBytes) return inflate(await read(), bytes, label).subarray(from, to);
      unpacked ??= scratch.inflated({ path, label, bytes: packed, read }, bytes);
      return (await unpacked).read(from, to);
    },
  };
}

function inflate(packed: Uint8Array, bytes: number, label: string): Uint8Array {
  let content: Uint8Array;
  try {
    content = new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) }));
  } catch (error) {
    throw wrongFile(
      label,
      'a whole deflated member',
      error instanceof Error ? error.message : 'a damaged one',
    );
  }
  if (content.length !== bytes) throw wrongFile(label, `${bytes} bytes`, String(content.length));
  return content;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
