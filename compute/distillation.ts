/**
 * @file A distillation as a chunk runs it, whatever its method.
 */
import type { Checkpoint } from '../artifacts/checkpoints.js';
import type { DistillMethod, MttConfig } from '../definition/plan.js';
import { resolveAugmentation } from '../distillation/augmentation/strategy.js';
import { FloatImages, oneHot } from '../distillation/batches.js';
import { initialDistillState, type DistillState } from '../distillation/distill-state.js';
import { Distiller } from '../distillation/distiller.js';
import type { NetworkPrograms } from '../distillation/network-programs.js';
import { initialLabelLogits } from '../distillation/soft-labels.js';
import { syntheticLabels } from '../distillation/synthetic-set.js';
import { trainedExpert, type ExpertSnapshots } from '../distillation/trajectory-choice.js';
import { DistilleryError } from '../errors/errors.js';
import type { KernelAccuracy } from '../definition/stages.js';
import { beginningOf, type Beginning } from './beginning.js';
import type { TaskContext } from './context.js';
import { openExperts } from './experts.js';
import { classMatching, unrolling } from './image-distillation.js';
import { kernelDistillation } from './kernel-distillation.js';
import { requireMemory } from './memory-need.js';
import type { DistillChunkInput } from './protocol.js';
import { networkPrograms, type RunImages } from './warm.js';

/** A distillation under way; what it reports of an iteration is its loss and the rate that goes with the images. */
export interface Distillation {
  /** Finished iterations. */
  readonly iteration: number;
  /** Class probabilities of the images, when they are not one-hot. */
  readonly softLabels?: Float32Array | undefined;
  /**
   * Does the next iteration. When `between` throws, or it diverges, the state stays the one before.
   *
   * @throws DistilleryError `Diverged`
   */
  step(between: () => Promise<void>): Promise<{ readonly loss: number; readonly alpha: number }>;
  exportState(): DistillState;
  /** What kernel regression on the images gets right, of methods that are about it. */
  readonly kernelAccuracy?: (between: () => Promise<void>) => Promise<KernelAccuracy>;
}

type WithMethod<M extends DistillMethod> = DistillChunkInput & { readonly config: { readonly method: M } };

/**
 * Opens a distillation where a checkpoint left it, or at its beginning.
 *
 * @throws DistilleryError `InvalidDefinition` or `InvalidTrajectory` when it cannot be done so
 */
export function openDistillation(
  input: DistillChunkInput,
  images: RunImages,
  context: TaskContext,
  newest: Checkpoint | undefined,
): Promise<Distillation> {
  const { method } = input.config;
  const from = beginningOf(input, images, context, newest);
  switch (method.name) {
    case 'mtt':
      return trajectoryMatching(input as WithMethod<MttConfig>, images, context, from);
    case 'dd':
      return unrolling(input, method, images, context, from);
    case 'kip':
      return kernelDistillation(input, method, images, from);
    case 'dm':
    case 'dc':
    case 'dsa':
      return classMatching(input, method, images, context, from);
  }
}

async function trajectoryMatching(
  input: WithMethod<MttConfig>,
  images: RunImages,
  context: TaskContext,
  from: Beginning,
): Promise<Distillation> {
  const { manifest } = images;
  const programs = networkPrograms(context, input.network, manifest);
  if (input.trajectories === undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      'Trajectory matching needs experts: give the distill stage `trajectories`.',
    );
  const experts = await openExperts(context.store, input.trajectories, programs.network);
  const { method, ipc, augmentation } = input.config;
  const syntheticImages = ipc * manifest.classes;
  requireMemory(context, 'distillChunk', {
    network: programs.network,
    kinds: ['plain-sgd', 'second-order'],
    batch: Math.min(method.batchSyn ?? syntheticImages, syntheticImages),
    parameterSets: method.synSteps + 1,
    images: images.held,
  });
  const distiller = new Distiller(
    programs,
    {
      method,
      operations: resolveAugmentation(augmentation, manifest.flip),
      labels: syntheticLabels(manifest.classes, ipc),
      shape: manifest.shape,
      classes: manifest.classes,
      seed: input.seed,
    },
    await from((first) => begin(first, input, images, experts, programs)),
  );
  return {
    get iteration() {
      return distiller.iteration;
    },
    get softLabels() {
      return method.labels === 'learned' ? distiller.targets : undefined;
    },
    step: (between) => distiller.step(experts, between),
    exportState: () => distiller.exportState(),
  };
}

async function begin(
  images: Float32Array,
  { config }: WithMethod<MttConfig>,
  { train }: RunImages,
  experts: ExpertSnapshots,
  programs: NetworkPrograms,
): Promise<DistillState> {
  const { ipc, method } = config;
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
