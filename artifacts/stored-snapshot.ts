/**
 * @file How a snapshot is stored: as it is, or as what it adds to the one before.
 */
import { DistilleryError } from '../errors/errors.js';
import { fromHalf, toHalf } from './float16.js';
import type { TensorOf } from './safetensors.js';

/** Flat parameters (F32), or their difference to the snapshot kept before (F16). */
export type StoredSnapshot = TensorOf<'F32'> | TensorOf<'F16'>;

/** The snapshot as it is; the values are copied. */
export function wholeSnapshot(snapshot: Float32Array): TensorOf<'F32'> {
  return { dtype: 'F32', shape: [snapshot.length], data: snapshot.slice() };
}

/**
 * What a snapshot adds to the one before, in half precision.
 *
 * @param before as a reader will have it, so that what is lost by rounding is made up for with the next
 * @throws DistilleryError `Diverged` when a parameter has moved farther than half precision reaches
 */
export function snapshotDelta(before: Float32Array, snapshot: Float32Array): TensorOf<'F16'> {
  const data = toHalf(snapshot.map((value, i) => value - (before[i] ?? 0)));
  if (data.some((word) => (word & 0x7c00) === 0x7c00))
    throw new DistilleryError(
      'Diverged',
      'A parameter moved by more than 65,504 between two epochs that are kept, which "fp16-delta" cannot hold: ' +
        'give train-experts a smaller lr.',
    );
  return { dtype: 'F16', shape: [data.length], data };
}

/** The snapshot that follows `before`; where it is stored whole, `before` is not looked at. */
export function restoredSnapshot(before: Float32Array | undefined, stored: StoredSnapshot): Float32Array {
  if (stored.dtype === 'F32') return stored.data;
  const delta = fromHalf(stored.data);
  return delta.map((value, i) => (before?.[i] ?? Number.NaN) + value);
}
