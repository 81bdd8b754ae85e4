/**
 * @file Encrypts the payloads that go to Temporal and decrypts those that come from it. What was never
 * encrypted passes as it is: a definition may be started by somebody who has no key.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { DistilleryError } from '../errors/errors.js';
import { open, seal } from './cipher.js';
import { keyFileVariable, type CodecKey } from './keys.js';

/** Metadata that says what a payload is; the names are those that Temporal's own samples use. */
const encodingName = 'encoding';
const keyName = 'encryption-key-id';
const cipherName = 'encryption-cipher';
const encrypted = 'binary/encrypted';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

export class EncryptingCodec implements PayloadCodec {
  readonly #newest: CodecKey;
  readonly #byId: ReadonlyMap<string, CodecKey>;

  /** @param keys the first encrypts, all decrypt */
  constructor(keys: readonly CodecKey[]) {
    const [newest] = keys;
    if (newest === undefined) throw new RangeError('a codec needs a key');
    this.#newest = newest;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#encrypt(payload)));
  }

  /** Rejects with `Corrupt` when a payload was changed, `InvalidDefinition` when its key is not there. */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve().then(() => payloads.map((payload) => this.#decrypt(payload)));
  }

  #encrypt(payload: Payload): Payload {
    const message = PayloadMessage.encode(payload).finish();
    return {
      metadata: {
        [encodingName]: bytesOf(encrypted),
        [cipherName]: bytesOf('AES-256-GCM'),
        [keyName]: bytesOf(this.#newest.id),
      },
      data: seal(this.#newest, message),
    };
  }

  #decrypt(payload: Payload): Payload {
    if (textOf(payload.metadata?.[encodingName]) !== encrypted) return payload;
    const id = textOf(payload.metadata?.[keyName]);
    const key = this.#byId.get(id);
    if (key === undefined)
      throw new DistilleryError(
        'InvalidDefinition',
        `A payload is encrypted with the key ${JSON.stringify(id.slice(0, 64))}, which is not here. ` +
          `Add it to ${keyFileVariable}; keys there are: ${[...this.#byId.keys()].join(', ')}.`,
      );
    const message = open(key, payload.data ?? new Uint8Array());
    if (message === undefined)
      throw new DistilleryError(
        'Corrupt',
        `A payload was not encrypted with the key "${id}" that it names, or was changed since.`,
      );
    return PayloadMessage.decode(message);
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? new TextDecoder().decode(bytes) : '';
}
