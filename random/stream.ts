/**
 * @file Named streams of random numbers. Everything random in distillery is drawn from one, keyed by seed,
 * purpose and indices and never by the order of calls, so that work can stop and go on anywhere.
 */
import { philox4x32 } from './philox.js';

/** What a stream is for; two purposes never share numbers. */
export type Purpose =
  | 'network-init'
  | 'dataset-split'
  | 'expert-shuffle'
  | 'expert-augmentation'
  | 'synthetic-init'
  | 'trajectory-choice'
  | 'synthetic-batches'
  | 'synthetic-augmentation'
  | 'evaluation-init'
  | 'evaluation-shuffle'
  | 'evaluation-augmentation'
  | 'baseline-images'
  | 'report-samples'
  | 'test-holdout'
  | 'forgetting-init'
  | 'forgetting-shuffle'
  | 'forgetting-augmentation'
  | 'coreset-images'
  | 'matching-network'
  | 'matching-images'
  | 'matching-augmentation'
  | 'matching-shuffle'
  | 'matching-training'
  | 'custom-stage'
  | 'custom-stage-network';

/** Part of every key: append, and never change a number, or old results cannot be reproduced. */
const PURPOSE_CODES: Readonly<Record<Purpose, number>> = {
  'network-init': 1,
  'dataset-split': 2,
  'expert-shuffle': 3,
  'expert-augmentation': 4,
  'synthetic-init': 5,
  'trajectory-choice': 6,
  'synthetic-batches': 7,
  'synthetic-augmentation': 8,
  'evaluation-shuffle': 9,
  'evaluation-augmentation': 10,
  'baseline-images': 11,
  'report-samples': 12,
  'evaluation-init': 13,
  'test-holdout': 20,
  'forgetting-init': 30,
  'forgetting-shuffle': 31,
  'forgetting-augmentation': 32,
  'coreset-images': 33,
  'matching-network': 34,
  'matching-images': 35,
  'matching-augmentation': 36,
  'matching-shuffle': 37,
  'matching-training': 38,
  'custom-stage': 60,
  'custom-stage-network': 61,
};

/** Counter words left beside the block number. */
const MAX_INDICES = 3;

function requireWord(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new RangeError(`${what} must be an integer from 0 to 2^32 - 1, not ${value}`);
  return value;
}

/**
 * A sequence of random numbers that depends only on `(seed, purpose, ...indices)`.
 *
 * The 64-bit Philox key holds the 53 bits of the seed, the purpose and how many indices there are; the counter
 * holds the indices and the block number. So streams that differ in any of these never share a block.
 */
export class Stream {
  readonly #key = new Uint32Array(2);
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);
  #used = 4;
  #spareNormal: number | undefined;

  /**
   * @param seed an integer from 0 to 2^53 - 1
   * @param indices at most three integers from 0 to 2^32 - 1, such as expert, epoch and batch
   */
  constructor(seed: number, purpose: Purpose, ...indices: readonly number[]) {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`a seed must be an integer from 0 to 2^53 - 1, not ${seed}`);
    if (indices.length > MAX_INDICES)
      throw new RangeError(`a stream has at most ${MAX_INDICES} indices, not ${indices.length}`);
    const seedHigh = Math.floor(seed / 2 ** 32);
    this.#key[0] = seed % 2 ** 32;
    this.#key[1] = (seedHigh << 11) | (PURPOSE_CODES[purpose] << 2) | indices.length;
    indices.forEach((index, at) => {
      this.#counter[at + 1] = requireWord(index, `index ${at} of stream ${purpose}`);
    });
  }

  /** Uniform over all 32-bit unsigned integers. */
  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      const next = (this.#counter[0] ?? 0) + 1;
      if (next > 0xffffffff) throw new RangeError('a random stream is exhausted after 2^34 numbers');
      this.#counter[0] = next;
      this.#used = 0;
    }
    return this.#block[this.#used++] ?? 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-24, so that it is the same number in float32. */
  uniform(): number {
    return (this.uint32() >>> 8) / 0x1000000;
  }

  /** Standard normal, by the Box-Muller transform. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 2 ** 32));
    const angle = (2 * Math.PI * this.uint32()) / 2 ** 32;
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Uniform over 0 .. n - 1 without bias: draws from the incomplete last run of n are thrown away. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new RangeError(`integer(n) needs n from 1 to 2^32, not ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % n;
    }
  }

  /** 0 .. n - 1 in random order. */
  permutation(n: number): Uint32Array {
    return this.sample(n, n);
  }

  /** `k` different numbers of 0 .. n - 1 in random order (Fisher-Yates, stopped after k). */
  sample(n: number, k: number): Uint32Array {
    if (k > n) throw new RangeError(`cannot draw ${k} of ${n} without replacement`);
    const numbers = new Uint32Array(n);
    for (let i = 0; i < n; i++) numbers[i] = i;
    for (let i = 0; i < k; i++) {
      const j = i + this.integer(n - i);
      const chosen = numbers[j] ?? 0;
      numbers[j] = numbers[i] ?? 0;
      numbers[i] = chosen;
    }
    return k === n ? numbers : numbers.slice(0, k);
  }
}
