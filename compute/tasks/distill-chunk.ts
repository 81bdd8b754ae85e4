/**
 * @file `distillChunk`: a piece of a distillation, from the newest checkpoint to iteration `to`.
 */
import { Checkpoints, safetensorsMediaType } from '../../artifacts/checkpoints.js';
import { findChunk, putChunk } from '../../artifacts/distillations.js';
import { encodeMetrics, metricsMediaType } from '../../artifacts/metrics.js';
import { encodeDistilled } from '../../artifacts/result-folder.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { FloatImages, oneHot } from '../../distillation/batches.js';
import {
  initialDistillState,
  type DistillHistory,
  type DistillState,
} from '../../distillation/distill-state.js';
import { Distiller } from '../../distillation/distiller.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import { initialLabelLogits } from '../../distillation/soft-labels.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { trainedExpert, type ExpertSnapshots } from '../../distillation/trajectory-choice.js';
import { DistilleryError } from '../../errors/errors.js';
import { Checkpointing, Speed } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import { distillState, distillTensors } from '../distill-checkpoint.js';
import { openExperts } from '../experts.js';
import type { DistillChunkInput, DistillChunkResult } from '../protocol.js';
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
    newest ? distillState(newest) : await begin(input, images, experts, programs),
  );
  const resumedFrom = distiller.iteration;
  let checkpoint = newest?.reference;
  let savedAt = newest?.sequence ?? -1;
  const checkpointing = new Checkpointing(context, async () => {
    if (distiller.iteration === savedAt) return;
    checkpoint = await checkpoints.save(distiller.iteration, distillTensors(distiller.exportState()));
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
      images: state.averagedImages ?? state.images,
      labels,
      ...(state.labelLogits && { softLabels: distiller.targets }),
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

async function begin(
  { config, seed }: DistillChunkInput,
  { trainBytes, train }: RunImages,
  experts: ExpertSnapshots,
  programs: NetworkPrograms,
): Promise<DistillState> {
  const { init, ipc, method } = config;
  const images = initialImages(init, { images: trainBytes, normalised: train }, { ipc, seed });
  const averaged = method.emaDecay !== undefined;
  if (method.labels !== 'learned') return initialDistillState(images, method.lrInit, { averaged });
  // The first expert as it ended says what the images look like.
  const trained = await trainedExpert(experts, 0);
  const { shape, classes } = train;
  const labels = syntheticLabels(classes, ipc);
  const synthetic = new FloatImages(shape, classes, images, oneHot(labels, classes));
  const labelLogits = initialLabelLogits(programs, trained, synthetic, labels);
  return initialDistillState(images, method.lrInit, { averaged, labelLogits });
}

function metricLines({ loss, alpha, gradientNorm }: DistillHistory) {
  return Array.from(loss, (value, iteration) => ({
    iteration: iteration + 1,
    loss: value,
    learnedRate: alpha[iteration] ?? Number.NaN,
    gradientNorm: gradientNorm[iteration] ?? Number.NaN,
  }));
}
