/**
 * @file The state of a distillation as tensors of a checkpoint. What a distillation does not use is not there.
 */
import type { Checkpoint } from '../artifacts/checkpoints.js';
import type { NamedTensor } from '../artifacts/safetensors.js';
import type { DistillState } from '../distillation/distill-state.js';
import { matchFields, type MatchHistory } from '../distillation/match-history.js';
import { floats, vector } from './training-checkpoint.js';

/** What only some distillations have. */
const optional = [
  'labelLogits',
  'labelVelocity',
  'averagedImages',
  'imageSquares',
  'labelSquares',
] as const satisfies readonly (keyof DistillState)[];

export function distillTensors(state: DistillState): Map<string, NamedTensor> {
  const { history } = state;
  const series = (data: Float64Array): NamedTensor => ({ dtype: 'F64', shape: [data.length], data });
  const tensors = new Map<string, NamedTensor>([
    ['images', vector(state.images)],
    ['imageVelocity', vector(state.imageVelocity)],
    ['alpha', series(Float64Array.of(state.alpha, state.alphaVelocity))],
    ['history.loss', series(history.loss)],
    ['history.alpha', series(history.alpha)],
    ['history.gradientNorm', series(history.gradientNorm)],
  ]);
  const { matches } = history;
  if (matches)
    for (const field of matchFields) tensors.set(`history.matches.${field}`, series(matches[field]));
  for (const name of optional) {
    const values = state[name];
    if (values) tensors.set(name, vector(values));
  }
  return tensors;
}

function matchesOf(series: (name: string) => Float64Array): MatchHistory {
  const of = (field: keyof MatchHistory): Float64Array => series(`history.matches.${field}`);
  return {
    startEpoch: of('startEpoch'),
    loss: of('loss'),
    expertDistance: of('expertDistance'),
    studentDistance: of('studentDistance'),
    distanceLeft: of('distanceLeft'),
  };
}

/** @throws RangeError when the tensors are not those of a distillation */
export function distillState({ sequence, tensors }: Checkpoint): DistillState {
  const series = (name: string): Float64Array => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F64') throw new RangeError(`the checkpoint has no float64 tensor "${name}"`);
    return tensor.data;
  };
  const [alpha = Number.NaN, alphaVelocity = Number.NaN] = series('alpha');
  return {
    iteration: sequence,
    images: floats(tensors, 'images'),
    imageVelocity: floats(tensors, 'imageVelocity'),
    alpha,
    alphaVelocity,
    ...Object.fromEntries(
      optional.filter((name) => tensors.has(name)).map((name) => [name, floats(tensors, name)] as const),
    ),
    history: {
      loss: series('history.loss'),
      alpha: series('history.alpha'),
      gradientNorm: series('history.gradientNorm'),
      // Older versions did not record them.
      ...(tensors.has('history.matches.loss') && { matches: matchesOf(series) }),
    },
  };
}
