/**
 * @file `distillChunk`: a piece of a distillation, from the newest checkpoint to iteration `to`.
 */
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { putDistilled } from '../../artifacts/distilled-sets.js';
import { findChunk, putChunk } from '../../artifacts/distillations.js';
import { encodeMetrics, metricsMediaType } from '../../artifacts/metrics.js';
import { syntheticLabels } from '../../distillation/synthetic-set.js';
import { DistilleryError } from '../../errors/errors.js';
import { Checkpointing, Speed } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import { distillTensors } from '../distill-checkpoint.js';
import { openDistillation } from '../distillation.js';
import { metricLines } from '../metric-lines.js';
import type { DistillChunkInput, DistillChunkResult } from '../protocol.js';
import { distillationUnit } from '../unit-keys.js';
import { runImages } from '../warm.js';

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
  const { ipc } = input.config;
  const checkpoints = new Checkpoints(context.store, unit, {
    goal: input.iterations,
    onSaved: context.checkpointed,
  });
  const newest = await checkpoints.newest({ atMost: input.to });
  const distillation = await openDistillation(input, images, context, newest);
  const resumedFrom = distillation.iteration;
  let checkpoint = newest?.reference;
  let savedAt = newest?.sequence ?? -1;
  const checkpointing = new Checkpointing(context, async () => {
    if (distillation.iteration === savedAt) return;
    checkpoint = await checkpoints.save(distillation.iteration, distillTensors(distillation.exportState()));
    savedAt = distillation.iteration;
    await checkpoints.prune({ upTo: savedAt });
  });

  const speed = new Speed(resumedFrom);
  const started = performance.now();
  const withinStep = () => checkpointing.withinStep();
  while (distillation.iteration < input.to) {
    const { loss, alpha } = await distillation.step(withinStep).catch(async (error: unknown) => {
      if (!(error instanceof DistilleryError) || error.code !== 'Diverged') throw error;
      // The state before the bad iteration is still good: keep it, and say where.
      await checkpointing.now();
      throw new DistilleryError(
        'Diverged',
        `${error.message} Last good checkpoint: ${checkpoint?.key ?? 'none'}, after ${distillation.iteration} ` +
          `${distillation.iteration === 1 ? 'iteration' : 'iterations'}.`,
      );
    });
    const rate = speed.at(distillation.iteration);
    context.report({
      unit: 'iterations',
      done: distillation.iteration - input.from,
      total: input.to - input.from,
      ...(rate !== undefined && { rate }),
      metrics: { loss, learnedRate: alpha },
    });
    await checkpointing.betweenSteps();
  }
  await checkpointing.now();
  const seconds = (performance.now() - started) / 1000;
  const kernelAccuracy = await distillation.kernelAccuracy?.(withinStep);
  if (!checkpoint) throw new RangeError('a chunk that ends has a checkpoint');

  const state = distillation.exportState();
  const { softLabels } = distillation;
  const candidate = await putDistilled(context.store, {
    ...manifest,
    images: state.averagedImages ?? state.images,
    labels: syntheticLabels(manifest.classes, ipc),
    ...(softLabels && { softLabels }),
    learnedRate: state.alpha,
    iteration: state.iteration,
    ipc,
  });
  const metrics = await context.store.putBlob(encodeMetrics(metricLines(state.history)), metricsMediaType);
  const done = distillation.iteration - resumedFrom;
  return {
    iteration: state.iteration,
    checkpoint,
    candidate,
    metrics,
    loss: state.history.loss.at(-1) ?? Number.NaN,
    learnedRate: state.alpha,
    secondsPerIteration: done > 0 ? seconds / done : 0,
    ...(kernelAccuracy && { kernelAccuracy }),
    resumedFrom,
    engine: context.device.info,
  };
}
