/**
 * @file The training that counts what it forgets, with checkpoints.
 */
import { Checkpoints, type Checkpoint } from '../artifacts/checkpoints.js';
import type { CoresetMethod } from '../definition/plan.js';
import { resolveAugmentation } from '../distillation/augmentation/strategy.js';
import {
  ForgettingTraining,
  initialForgetting,
  nothingRemembered,
  type Remembered,
} from '../distillation/forgetting.js';
import { DistilleryError } from '../errors/errors.js';
import { Checkpointing, Speed } from './checkpointing.js';
import type { TaskContext } from './context.js';
import { requireMemory } from './memory-need.js';
import type { SelectImagesInput } from './protocol.js';
import { trainingState, trainingTensors } from './training-checkpoint.js';
import { selectionUnit } from './unit-keys.js';
import { networkPrograms, type RunImages } from './warm.js';

/**
 * Trains a network of its own on all training images and counts.
 *
 * @throws DistilleryError `Diverged` when the loss is no longer finite
 */
export async function countForgetting(
  input: SelectImagesInput,
  method: Extract<CoresetMethod, { readonly name: 'forgetting' }>,
  { train, held, manifest }: RunImages,
  context: TaskContext,
): Promise<Remembered> {
  const programs = networkPrograms(context, input.network, manifest);
  const plain = method.momentum === 0 && method.weightDecay === 0;
  requireMemory(context, 'selectImages', {
    network: programs.network,
    kinds: [plain ? 'plain-sgd' : 'momentum-sgd'],
    batch: Math.min(method.batchSize, train.count),
    parameterSets: 4,
    images: held,
  });
  const checkpoints = new Checkpoints(context.store, selectionUnit(input), {
    goal: method.epochs,
    onSaved: context.checkpointed,
  });
  const stepsPerEpoch = Math.ceil(train.count / method.batchSize);
  const total = method.epochs * stepsPerEpoch;
  const newest = await checkpoints.newest({ atMost: total });
  const training = new ForgettingTraining(
    programs,
    train,
    { ...method, operations: resolveAugmentation(method.augmentation, manifest.flip), seed: input.seed },
    newest ? trainingState(newest.tensors) : initialForgetting(programs.network, input.seed),
    newest ? rememberedOf(newest) : nothingRemembered(train.count),
  );
  const steps = () => training.epoch * stepsPerEpoch + training.stepOfEpoch;
  let saved = newest?.sequence;
  const checkpointing = new Checkpointing(context, async () => {
    if (steps() === saved) return;
    const { forgotten, learned } = training.remembered;
    const tensors = trainingTensors(training.exportState());
    tensors.set('forgotten', { dtype: 'I32', shape: [forgotten.length], data: forgotten });
    tensors.set('learned', { dtype: 'U8', shape: [learned.length], data: learned });
    await checkpoints.save(steps(), tensors);
    saved = steps();
    await checkpoints.prune({ upTo: saved });
  });
  const speed = new Speed(steps());
  try {
    while (training.epoch < method.epochs) {
      const { loss } = training.step();
      if (!Number.isFinite(loss))
        throw new DistilleryError(
          'Diverged',
          `The training that counts what is forgotten diverged in epoch ${training.epoch + 1} ` +
            `(loss ${loss}, lr ${method.lr}): give select's method a smaller lr.`,
        );
      const rate = speed.at(steps());
      context.report({
        unit: method.name,
        done: steps(),
        total,
        ...(rate !== undefined && { rate }),
        metrics: { loss },
      });
      await checkpointing.betweenSteps();
    }
    await checkpointing.now();
    return training.remembered;
  } finally {
    training.release();
  }
}

function rememberedOf({ tensors }: Checkpoint): Remembered {
  const forgotten = tensors.get('forgotten');
  const learned = tensors.get('learned');
  if (forgotten?.dtype !== 'I32' || learned?.dtype !== 'U8')
    throw new RangeError('the checkpoint does not say what was forgotten');
  return { forgotten: forgotten.data, learned: learned.data };
}
