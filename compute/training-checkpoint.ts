/**
 * @file The state of a training as tensors of a checkpoint.
 */
import type { NamedTensor } from '../artifacts/safetensors.js';
import type { TrainingState } from '../distillation/training.js';

/** Parameters (with velocity and running averages) of the training. */
export function trainingTensors(state: TrainingState): Map<string, NamedTensor> {
  const tensors = new Map<string, NamedTensor>([['parameters', vector(state.parameters)]]);
  if (state.velocity) tensors.set('velocity', vector(state.velocity));
  if (state.statistics) tensors.set('statistics', vector(state.statistics));
  tensors.set('position', {
    dtype: 'F64',
    shape: [3],
    data: Float64Array.of(state.epoch, state.step, state.lossSum),
  });
  return tensors;
}

/** @throws RangeError when the tensors are not those of a training */
export function trainingState(tensors: ReadonlyMap<string, NamedTensor>): TrainingState {
  const parameters = floats(tensors, 'parameters');
  const position = tensors.get('position')?.data;
  const [epoch, step, lossSum] = position instanceof Float64Array ? position : [];
  if (epoch === undefined || step === undefined || lossSum === undefined)
    throw new RangeError('the checkpoint has no position');
  const velocity = tensors.has('velocity') ? floats(tensors, 'velocity') : undefined;
  const statistics = tensors.has('statistics') ? floats(tensors, 'statistics') : undefined;
  return {
    epoch,
    step,
    lossSum,
    parameters,
    ...(velocity && { velocity }),
    ...(statistics && { statistics }),
  };
}

export function vector(data: Float32Array): NamedTensor {
  return { dtype: 'F32', shape: [data.length], data };
}

/** @throws RangeError when there is no such float32 tensor */
export function floats(tensors: ReadonlyMap<string, NamedTensor>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== 'F32') throw new RangeError(`the checkpoint has no float32 tensor "${name}"`);
  return tensor.data;
}
