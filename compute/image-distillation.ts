/**
 * @file The methods that learn images without experts, as a chunk runs them.
 */
import type { DdConfig, DmConfig, GradientMatchingConfig } from '../definition/plan.js';
import { resolveAugmentation } from '../distillation/augmentation/strategy.js';
import { oneHot } from '../distillation/batches.js';
import { ClassImages } from '../distillation/class-batches.js';
import { initialDistillState } from '../distillation/distill-state.js';
import { distributionMatching } from '../distillation/distribution-matching.js';
import { gradientMatching } from '../distillation/gradient-matching.js';
import { ImageDistiller } from '../distillation/image-distiller.js';
import { indicesByClass } from '../distillation/real-images.js';
import { syntheticLabels } from '../distillation/synthetic-set.js';
import { unrolledLoss } from '../distillation/unrolled-loss.js';
import { DistilleryError } from '../errors/errors.js';
import type { Beginning } from './beginning.js';
import type { TaskContext } from './context.js';
import { requireMemory } from './memory-need.js';
import type { DistillChunkInput } from './protocol.js';
import { networkPrograms, type RunImages } from './warm.js';

/** The loss on real images, unrolled. */
export async function unrolling(
  { config, network, seed }: DistillChunkInput,
  method: DdConfig,
  { train, held, manifest }: RunImages,
  context: TaskContext,
  from: Beginning,
): Promise<ImageDistiller> {
  const { ipc, augmentation } = config;
  const programs = networkPrograms(context, network, manifest);
  const labels = syntheticLabels(manifest.classes, ipc);
  const need = { network: programs.network, parameterSets: method.synSteps + 1, images: held };
  requireMemory(context, 'distillChunk', {
    ...need,
    kinds: ['plain-sgd', 'second-order'],
    batch: Math.min(method.batchSyn ?? labels.length, labels.length),
  });
  requireMemory(context, 'distillChunk', {
    ...need,
    kinds: ['plain-sgd'],
    batch: Math.min(method.batchReal, train.count),
  });
  return new ImageDistiller(
    unrolledLoss(programs, train, {
      method,
      operations: resolveAugmentation(augmentation, manifest.flip),
      targets: oneHot(labels, manifest.classes),
      seed,
    }),
    await from((images) => initialDistillState(images, method.lrInit)),
  );
}

/**
 * What is compared class by class.
 *
 * @throws DistilleryError `InvalidDefinition` for networks with batch normalisation
 */
export async function classMatching(
  { config, network, seed }: DistillChunkInput,
  method: DmConfig | GradientMatchingConfig,
  { train, trainBytes, held, manifest }: RunImages,
  context: TaskContext,
  from: Beginning,
): Promise<ImageDistiller> {
  const { ipc, augmentation } = config;
  const { batchReal } = method;
  const programs = networkPrograms(context, network, manifest);
  if (programs.network.statistics.length > 0)
    throw new DistilleryError(
      'InvalidDefinition',
      `${method.name} looks at one class at a time, and batch normalisation would take that class for everything: ` +
        'choose another norm for the network.',
    );
  const members = indicesByClass(trainBytes.labels, manifest.classes);
  requireMemory(context, 'distillChunk', {
    network: programs.network,
    kinds: [method.name === 'dm' ? 'logits' : 'plain-sgd'],
    batch: Math.min(batchReal, ...members.map(({ length }) => length)),
    parameterSets: 3,
    images: held,
  });
  const operations = method.name === 'dc' ? [] : resolveAugmentation(augmentation, manifest.flip);
  const images = new ClassImages(train, members, { operations, batchReal, ipc, seed });
  return new ImageDistiller(
    method.name === 'dm'
      ? distributionMatching(programs, images, method)
      : gradientMatching(programs, images, method),
    await from((first) => initialDistillState(first, method.lrTrain)),
  );
}
