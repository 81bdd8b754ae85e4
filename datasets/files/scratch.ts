/**
 * @file A folder for what has to be unpacked or fetched before it can be read by parts; it goes with the data
 * set that needed it.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { wrongFile } from '../wrong-file.js';
import { localFile } from './local.js';
import type { DataFile } from './tree.js';

/** Read at once from a file that is copied or unpacked. */
const chunkBytes = 8 * 1024 * 1024;
/** Packed data that grows beyond both of these is meant to fill the disk. */
const harmlessBytes = 256 * 1024 * 1024;
const greatestGrowth = 200;

export class Scratch {
  #folder: Promise<string> | undefined;
  #used = 0;

  /** The same file on this machine's disk. */
  async local(file: DataFile): Promise<DataFile> {
    if (file.localPath !== undefined) return file;
    return this.#write(file, [], file.bytes);
  }

  /** The content of a gzip file. @throws DistilleryError `InvalidDataset` when it is damaged or swells absurdly. */
  async gunzipped(file: DataFile): Promise<DataFile> {
    return this.#write(file, [createGunzip()], mostUnpackedBytes(file.bytes));
  }

  /** The content of a deflated file without a header, which must have `bytes` bytes. */
  async inflated(file: DataFile, bytes: number): Promise<DataFile> {
    const unpacked = await this.#write(file, [createInflateRaw()], bytes);
    if (unpacked.bytes !== bytes) throw wrongFile(file.label, `${bytes} bytes`, String(unpacked.bytes));
    return unpacked;
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #write(file: DataFile, steps: readonly Transform[], limit: number): Promise<DataFile> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'distillery-data-'));
    this.#used += 1;
    const path = join(await this.#folder, String(this.#used));
    const meter = new Meter(file.label, limit);
    try {
      const stages = [Readable.from(chunksOf(file)), ...steps, meter, createWriteStream(path)];
      await pipeline(stages as [Readable, ...Transform[]]);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_'))
        throw error;
      throw wrongFile(file.label, 'a whole gzip file', error.message);
    }
    return localFile(path, file.path.replace(/\.gz$/, ''), meter.bytes, file.label);
  }
}

/** What a packed file of so many bytes may hold. */
export function mostUnpackedBytes(packed: number): number {
  return Math.max(harmlessBytes, packed * greatestGrowth);
}

/** The content of a file by parts. */
export async function* chunksOf(file: DataFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.bytes; at += chunkBytes) {
    yield await file.read(at, Math.min(file.bytes, at + chunkBytes));
  }
}

class Meter extends Transform {
  bytes = 0;
  constructor(
    private readonly label: string,
    private readonly limit: number,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes <= this.limit) {
      done(null, chunk);
      return;
    }
    done(
      wrongFile(
        this.label,
        `at most ${this.limit} bytes unpacked`,
        'more',
        'Unpack it yourself if you trust it.',
      ),
    );
  }
}
