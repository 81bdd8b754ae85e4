/**
 * @file `selectImages`: chooses a few of the real images of every class, and stores them as a distillation stores
 * its images.
 */
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { putDistilled } from '../../artifacts/distilled-sets.js';
import type { Reference } from '../../artifacts/reference.js';
import { herding, kCenter, mostForgotten } from '../../distillation/coresets.js';
import { featuresInSteps } from '../../distillation/features.js';
import { timesForgotten } from '../../distillation/forgetting.js';
import { interruptibly } from '../../distillation/interruptible.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import { indicesByClass, requireImages } from '../../distillation/real-images.js';
import { syntheticLabels } from '../../distillation/synthetic-set.js';
import { trainedExpert } from '../../distillation/trajectory-choice.js';
import { DistilleryError } from '../../errors/errors.js';
import { Stream } from '../../random/stream.js';
import { Checkpointing } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import { openExperts } from '../experts.js';
import { countForgetting } from '../forgetting.js';
import { requireMemory } from '../memory-need.js';
import type { SelectImagesInput, SelectImagesResult } from '../protocol.js';
import { selectionUnit } from '../unit-keys.js';
import { networkPrograms, runImages, type RunImages } from '../warm.js';

export async function selectImages(
  input: SelectImagesInput,
  context: TaskContext,
): Promise<SelectImagesResult> {
  const images = await runImages(context, input.dataset);
  const { manifest } = images;
  const { ipc, lr } = input.config;
  const classes = indicesByClass(images.trainBytes.labels, manifest.classes);
  classes.forEach((members, label) => requireImages(members, label, ipc));
  const chosen = await choose(input, images, classes, context);
  const indices = new Uint32Array(ipc * manifest.classes);
  chosen.forEach((positions, label) =>
    positions.forEach((position, i) => (indices[label * ipc + i] = classes[label]?.[position] ?? 0)),
  );
  const result = await putDistilled(context.store, {
    ...manifest,
    images: images.train.batch(indices).images,
    labels: syntheticLabels(manifest.classes, ipc),
    learnedRate: lr,
    iteration: 0,
    ipc,
  });
  // One stays: an attempt that follows would otherwise count from the start.
  if (input.config.method.name === 'forgetting')
    await new Checkpoints(context.store, selectionUnit(input), { goal: input.config.method.epochs }).prune({
      keep: 1,
    });
  return { result, count: indices.length, engine: context.device.info };
}

/** Positions of the chosen images among those of their class, by class. */
async function choose(
  input: SelectImagesInput,
  images: RunImages,
  classes: readonly Uint32Array[],
  context: TaskContext,
): Promise<Uint32Array[]> {
  const { method, ipc } = input.config;
  const stream = (label: number): Stream => new Stream(input.seed, 'coreset-images', label);
  switch (method.name) {
    case 'random':
      return classes.map((members, label) => stream(label).sample(members.length, ipc));
    case 'herding':
      return byFeatures(input, images, classes, context, herding);
    case 'k-center':
      return byFeatures(input, images, classes, context, kCenter);
    case 'forgetting': {
      const times = timesForgotten(await countForgetting(input, method, images, context));
      return classes.map((members, label) =>
        mostForgotten(
          Float64Array.from(members, (image) => times[image] ?? 0),
          ipc,
          stream(label),
        ),
      );
    }
  }
}

/** One class after the other, so that the features of one only are held. */
async function byFeatures(
  input: SelectImagesInput,
  images: RunImages,
  classes: readonly Uint32Array[],
  context: TaskContext,
  select: typeof herding,
): Promise<Uint32Array[]> {
  const { method, ipc } = input.config;
  const programs = networkPrograms(context, input.network, images.manifest);
  requireMemory(context, 'selectImages', {
    network: programs.network,
    kinds: ['logits'],
    batch: Math.min(256, ...classes.map((members) => members.length)),
    parameterSets: 1,
    images: images.held,
  });
  // There is nothing to keep: the features are had again sooner than stored.
  const checkpointing = new Checkpointing(context, () => Promise.resolve());
  const parameters = programs.upload(await firstExpert(input, programs, context));
  try {
    const chosen: Uint32Array[] = [];
    for (const members of classes) {
      const looked = featuresInSteps(programs, parameters, images.train, members);
      chosen.push(select(await interruptibly(looked, () => checkpointing.withinStep()), ipc));
      context.report({ unit: method.name, done: chosen.length, total: classes.length, metrics: {} });
      await checkpointing.withinStep();
    }
    return chosen;
  } finally {
    programs.release(parameters);
  }
}

/** The first expert after its last epoch that was kept. */
async function firstExpert(
  { trajectories, config }: SelectImagesInput,
  { network }: NetworkPrograms,
  { store }: TaskContext,
): Promise<Float32Array> {
  const { name } = config.method;
  if (network.statistics.length > 0)
    throw new DistilleryError(
      'InvalidDefinition',
      `${name} needs features that do not depend on the rest of a batch, and experts keep no running averages of ` +
        'batch normalisation: choose another norm for the network.',
    );
  return trainedExpert(await openExperts(store, required(trajectories, name), network), 0);
}

function required(trajectories: Reference | undefined, method: string): Reference {
  if (trajectories !== undefined) return trajectories;
  throw new DistilleryError(
    'InvalidDefinition',
    `${method} chooses by the features of an expert: give the select stage \`trajectories\`.`,
  );
}
