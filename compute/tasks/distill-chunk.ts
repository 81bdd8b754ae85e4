/**
 * @file `distillChunk`: a piece of a distillation, from the newest checkpoint to iteration `to`.
 */
import { Checkpoints, safetensorsMediaType, type Checkpoint } from '../../artifacts/checkpoints.js';
import { findChunk, putChunk } from '../../artifacts/distillations.js';
import { encodeMetrics, metricsMediaType } from '../../artifacts/metrics.js';
import { encodeDistilled } from '../../artifacts/result-folder.js';
import type { NamedTensor } from '../../artifacts/safetensors.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import {
  Distiller,
  initialDistillState,
  type DistillHistory,
  type DistillState,
} from '../../distillation/distiller.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { DistilleryError } from '../../errors/errors.js';
import { Checkpointing, Speed } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import { openExperts } from '../experts.js';
import type { DistillChunkInput, DistillChunkResult } from '../protocol.js';
import { floats } from '../training-checkpoint.js';
import { requireMemory } from '../memory-need.js';
import { distillationUnit } from '../unit-keys.js';
import { networkPrograms, runImages, type RunImages } from '../warm.js';

export async function distillChunk(
  input: DistillChunkInput,
  context: TaskContext,
): Promise<DistillChunkResult> {
  const unit = distillationUnit(input);
  const earlier = await findChunk(context.store, unit, input.to);
  if (earlier) return { ...earlier, resumedFrom: input.to };
  const { resumedFrom, ...chunk } = await compute(input, unit, context);
  await putChunk(context.store, unit, chunk);
  return { ...chunk, resumedFrom };
}

async function compute(
  input: DistillChunkInput,
  unit: string,
  context: TaskContext,
): Promise<DistillChunkResult> {
  const images = await runImages(context, input.dataset);
  const { manifest } = images;
  const programs = networkPrograms(context, input.network, manifest);
  const experts = await openExperts(context.store, input.trajectories, programs.network);
  const { method, ipc, augmentation } = input.config;
  const syntheticImages = ipc * manifest.classes;
  requireMemory(context, 'distillChunk', {
    network: programs.network,
    kinds: ['plain-sgd', 'second-order'],
    batch: Math.min(method.batchSyn ?? syntheticImages, syntheticImages),
    parameterSets: method.synSteps + 1,
    images: images.train.count,
  });
  const labels = syntheticLabels(manifest.classes, ipc);
  const checkpoints = new Checkpoints(context.store, unit, { goal: input.iterations });
  const newest = await checkpoints.newest({ atMost: input.to });
  const distiller = new Distiller(
    programs,
    {
      method,
      operations: resolveAugmentation(augmentation, manifest.flip),
      labels,
      shape: manifest.shape,
      classes: manifest.classes,
      seed: input.seed,
    },
    newest ? restore(newest) : begin(input, images),
  );
  const resumedFrom = distiller.iteration;
  let checkpoint = newest?.reference;
  let savedAt = newest?.sequence ?? -1;
  const checkpointing = new Checkpointing(context, async () => {
    if (distiller.iteration === savedAt) return;
    checkpoint = await checkpoints.save(distiller.iteration, stateTensors(distiller.exportState()));
    savedAt = distiller.iteration;
    await checkpoints.prune({ upTo: savedAt });
  });

  const speed = new Speed(resumedFrom);
  const started = performance.now();
  const withinStep = () => checkpointing.withinStep();
  while (distiller.iteration < input.to) {
    const { loss, alpha } = await distiller.step(experts, withinStep).catch(async (error: unknown) => {
      if (!(error instanceof DistilleryError) || error.code !== 'Diverged') throw error;
      // The state before the bad iteration is still good: keep it, and say where.
      await checkpointing.now();
      throw new DistilleryError(
        'Diverged',
        `${error.message} Last good checkpoint: ${checkpoint?.key ?? 'none'}, after ${distiller.iteration} ` +
          `${distiller.iteration === 1 ? 'iteration' : 'iterations'}.`,
      );
    });
    const rate = speed.at(distiller.iteration);
    context.report({
      unit: 'iterations',
      done: distiller.iteration - input.from,
      total: input.to - input.from,
      ...(rate !== undefined && { rate }),
      metrics: { loss, learnedRate: alpha },
    });
    await checkpointing.betweenSteps();
  }
  await checkpointing.now();
  if (!checkpoint) throw new RangeError('a chunk that ends has a checkpoint');

  const state = distiller.exportState();
  const candidate = await context.store.putBlob(
    encodeDistilled({
      ...manifest,
      images: state.images,
      labels,
      learnedRate: state.alpha,
      iteration: state.iteration,
      ipc,
    }),
    safetensorsMediaType,
  );
  const metrics = await context.store.putBlob(encodeMetrics(metricLines(state.history)), metricsMediaType);
  const done = distiller.iteration - resumedFrom;
  return {
    iteration: state.iteration,
    checkpoint,
    candidate,
    metrics,
    loss: state.history.loss.at(-1) ?? Number.NaN,
    learnedRate: state.alpha,
    secondsPerIteration: done > 0 ? (performance.now() - started) / 1000 / done : 0,
    resumedFrom,
    engine: context.device.info,
  };
}

function begin({ config, seed }: DistillChunkInput, images: RunImages): DistillState {
  const { init, ipc, method } = config;
  const start = initialImages(init, { images: images.trainBytes, normalised: images.train }, { ipc, seed });
  return initialDistillState(start, method.lrInit);
}

function stateTensors(state: DistillState): Map<string, NamedTensor> {
  const { history } = state;
  const series = (data: Float64Array): NamedTensor => ({ dtype: 'F64', shape: [data.length], data });
  const pixels = (data: Float32Array): NamedTensor => ({ dtype: 'F32', shape: [data.length], data });
  return new Map([
    ['images', pixels(state.images)],
    ['imageVelocity', pixels(state.imageVelocity)],
    ['alpha', series(Float64Array.of(state.alpha, state.alphaVelocity))],
    ['history.loss', series(history.loss)],
    ['history.alpha', series(history.alpha)],
    ['history.gradientNorm', series(history.gradientNorm)],
  ]);
}

function restore({ sequence, tensors }: Checkpoint): DistillState {
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
    history: {
      loss: series('history.loss'),
      alpha: series('history.alpha'),
      gradientNorm: series('history.gradientNorm'),
    },
  };
}

function metricLines({ loss, alpha, gradientNorm }: DistillHistory) {
  return Array.from(loss, (value, iteration) => ({
    iteration: iteration + 1,
    loss: value,
    learnedRate: alpha[iteration] ?? Number.NaN,
    gradientNorm: gradientNorm[iteration] ?? Number.NaN,
  }));
}
