/**
 * @file What garbage collection must keep: the digests of all blobs that a document refers to.
 */
import { DistilleryError } from '../errors/errors.js';
import { safetensorsMediaType } from './checkpoints.js';
import { checkpointPrefix, distillationPrefix, parseCheckpointKey } from './layout.js';
import { partListMediaType, partsOf } from './parts.js';
import { referencesIn } from './references.js';
import { readSafetensors } from './safetensors.js';
import type { ArtifactStore } from './store.js';

/** Where documents lie that may refer to blobs. Evaluations refer to nothing. */
const manifestPrefixes = ['datasets/', 'experts/', 'trajectory-sets/', 'stages/', 'whitenings/'];

/**
 * A set of digests in little memory: 48 bits of each. Two that agree in these keep each other's blob, which
 * costs space and nothing else.
 */
export class Marks {
  readonly #digests = new Set<number>();
  /** Documents that cannot be read: what they refer to is not known. */
  readonly unreadable: string[] = [];
  #documents = 0;

  constructor(private readonly store: ArtifactStore) {}

  /** Documents read. */
  get documents(): number {
    return this.#documents;
  }

  has(sha256: string): boolean {
    return this.#digests.has(short(sha256));
  }

  /** Marks what manifests and result folders refer to. */
  async addManifests(): Promise<void> {
    for (const prefix of manifestPrefixes) {
      for await (const { key } of this.store.list(prefix)) await this.#addManifest(key);
    }
    for await (const { key } of this.store.list('results/')) {
      if (key.endsWith('/run.json')) await this.#addRecord(key);
    }
  }

  /** Marks what a unit of work that goes on has made so far: chunks, and the shards that checkpoints name. */
  async addUnit(unit: string): Promise<void> {
    for await (const { key } of this.store.list(distillationPrefix(unit))) {
      // A damaged record is made anew, with what it refers to.
      await this.#unlessDamaged(async () => this.#addWithParts((await this.store.getManifest(key))?.body));
    }
    for await (const { key, bytes } of this.store.list(checkpointPrefix(unit))) {
      const sha256 = parseCheckpointKey(key)?.sha256;
      if (sha256 === undefined) continue;
      const reference = { key, sha256, bytes, mediaType: safetensorsMediaType };
      // A damaged checkpoint is never used, nor what it refers to.
      await this.#unlessDamaged(async () => {
        const { metadata } = readSafetensors(await this.store.get(reference));
        for (const text of Object.values(metadata)) this.#add(parsed(text));
      });
    }
  }

  async #addManifest(key: string): Promise<void> {
    const read = await this.#unlessDamaged(async () =>
      this.#addWithParts((await this.store.getManifest(key))?.body),
    );
    if (!read) this.unreadable.push(key);
  }

  async #addRecord(key: string): Promise<void> {
    const bytes = await this.store.getObject(key);
    const record = bytes && parsed(new TextDecoder().decode(bytes));
    if (bytes !== undefined && record === undefined) this.unreadable.push(key);
    await this.#addWithParts(record);
  }

  /** A list of parts is a blob that refers to others. */
  async #addWithParts(document: unknown): Promise<void> {
    this.#add(document);
    for (const reference of referencesIn(document)) {
      if (reference.mediaType !== partListMediaType) continue;
      // Without its list nobody finds the parts, and the whole is made anew.
      await this.#unlessDamaged(async () => this.#add(await partsOf(this.store, reference)));
    }
  }

  #add(document: unknown): void {
    this.#documents += 1;
    for (const { sha256 } of referencesIn(document)) this.#digests.add(short(sha256));
  }

  async #unlessDamaged(read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      if (error instanceof DistilleryError && error.code === 'Corrupt') return false;
      throw error;
    }
  }
}

function short(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 12), 16);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
