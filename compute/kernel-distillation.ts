/**
 * @file Kernel inducing points as a chunk runs them. No network takes part, and the device has no work.
 */
import type { KernelAccuracy } from '../definition/stages.js';
import type { KipConfig } from '../definition/plan.js';
import { oneHot, type BatchSource } from '../distillation/batches.js';
import { initialDistillState } from '../distillation/distill-state.js';
import { ImageDistiller } from '../distillation/image-distiller.js';
import { interruptibly } from '../distillation/interruptible.js';
import { centred, kernelInducingPoints, regressionAccuracy } from '../distillation/kernel-inducing-points.js';
import { nearestProbabilities } from '../distillation/soft-labels.js';
import { syntheticLabels } from '../distillation/synthetic-set.js';
import type { Beginning } from './beginning.js';
import type { Distillation } from './distillation.js';
import type { DistillChunkInput } from './protocol.js';
import type { RunImages } from './warm.js';

export async function kernelDistillation(
  { config, seed }: DistillChunkInput,
  method: KipConfig,
  { train, holdout, test, manifest }: RunImages,
  from: Beginning,
): Promise<Distillation> {
  const { classes } = manifest;
  const fixed = centred(oneHot(syntheticLabels(classes, config.ipc), classes), classes);
  const learned = method.labels === 'learned';
  const distiller = new ImageDistiller(
    kernelInducingPoints(train, { method, labels: fixed, seed }),
    await from((images) =>
      initialDistillState(images, method.lrTrain, {
        squared: true,
        labelLogits: learned ? fixed : undefined,
      }),
    ),
  );
  const accuracyOn = async (
    images: BatchSource,
    between: () => Promise<void>,
  ): Promise<number | undefined> => {
    if (images.count === 0) return undefined;
    const { images: learnedImages, labelLogits = fixed } = distiller.exportState();
    return interruptibly(regressionAccuracy(images, method, learnedImages, labelLogits), between);
  };
  return {
    get iteration() {
      return distiller.iteration;
    },
    /** Networks are trained on class probabilities. */
    get softLabels() {
      const { labelLogits } = distiller.exportState();
      return labelLogits && nearestProbabilities(labelLogits, classes);
    },
    step: (between) => distiller.step(between),
    exportState: () => distiller.exportState(),
    async kernelAccuracy(between): Promise<KernelAccuracy> {
      const held = await accuracyOn(holdout, between);
      const tested = await accuracyOn(test, between);
      return { ...(held !== undefined && { holdout: held }), ...(tested !== undefined && { test: tested }) };
    },
  };
}
