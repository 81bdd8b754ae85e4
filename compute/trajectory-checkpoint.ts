/**
 * @file What a trajectory's writer has in hand, as tensors of an expert's checkpoint; which shards are written
 * stands in its metadata.
 */
import type { Checkpoint } from '../artifacts/checkpoints.js';
import type { NamedTensor } from '../artifacts/safetensors.js';
import type { StoredSnapshot } from '../artifacts/stored-snapshot.js';
import type { WriterState } from '../artifacts/trajectory-writer.js';
import type { TrajectoryShard } from '../artifacts/trajectory.js';
import { floats, vector } from './training-checkpoint.js';

export function writerTensors({ pending, newest }: WriterState): Map<string, NamedTensor> {
  const tensors = new Map<string, NamedTensor>();
  for (const [epoch, stored] of pending) tensors.set(`snapshot.${epoch}`, stored);
  if (newest) tensors.set('newestSnapshot', vector(newest));
  return tensors;
}

/** The checkpoint's digest vouches for it. */
export function shardsOf({ metadata }: Checkpoint): TrajectoryShard[] {
  return JSON.parse(metadata.shards ?? '[]') as TrajectoryShard[];
}

export function writerState(checkpoint: Checkpoint): WriterState {
  const { tensors } = checkpoint;
  const pending = new Map<number, StoredSnapshot>();
  for (const [name, tensor] of tensors) {
    const epoch = /^snapshot\.([0-9]+)$/.exec(name)?.[1];
    if (epoch !== undefined && (tensor.dtype === 'F32' || tensor.dtype === 'F16'))
      pending.set(Number(epoch), tensor);
  }
  const newest = tensors.has('newestSnapshot') ? floats(tensors, 'newestSnapshot') : undefined;
  return { shards: shardsOf(checkpoint), pending, newest };
}
