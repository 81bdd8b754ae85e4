/**
 * @file `evaluateNetwork`: trains one fresh network on a small set and measures it (method, section 7).
 */
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { findEvaluation, putEvaluation } from '../../artifacts/evaluations.js';
import { getDistilled } from '../../artifacts/distilled-sets.js';
import { accuracyInSteps } from '../../distillation/accuracy.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { randomBaseline, subset } from '../../distillation/baselines.js';
import { FloatImages, oneHot, type BatchSource } from '../../distillation/batches.js';
import { interruptibly } from '../../distillation/interruptible.js';
import { networkName } from '../../definition/network-names.js';
import { EvaluationTraining, initialEvaluation } from '../../distillation/evaluation.js';
import { DistilleryError } from '../../errors/errors.js';
import { Checkpointing, Speed } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import type { EvaluateNetworkInput, EvaluateNetworkResult, TrainingSet } from '../protocol.js';
import { trainingState, trainingTensors } from '../training-checkpoint.js';
import { requireMemory } from '../memory-need.js';
import { evaluationUnit } from '../unit-keys.js';
import { networkPrograms, runImages, type RunImages } from '../warm.js';

const described: Readonly<Record<TrainingSet['kind'], string>> = {
  distilled: 'the distilled images',
  random: 'the random images',
  full: 'the whole training set',
};

/** The setting that says how fast they are trained on. */
const rateSetting: Readonly<Record<TrainingSet['kind'], string>> = {
  distilled: 'lr',
  random: 'baselineLr',
  full: 'full.lr',
};

export async function evaluateNetwork(
  input: EvaluateNetworkInput,
  context: TaskContext,
): Promise<EvaluateNetworkResult> {
  const unit = evaluationUnit(input);
  const stored = await findEvaluation(context.store, unit);
  if (stored) return stored;

  const images = await runImages(context, input.dataset);
  const { set, learnedRate } = await trainingSet(input, images, context);
  const lr = input.lr === 'learned' ? learnedRate : input.lr;
  if (lr === undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      'Real images have no learned rate: give `lr` as a number for them.',
    );
  const programs = networkPrograms(context, input.network, images.manifest);
  requireMemory(context, 'evaluateNetwork', {
    network: programs.network,
    kinds: ['momentum-sgd'],
    batch: Math.min(input.batchSize, set.count),
    parameterSets: 4,
    images: images.held,
  });
  const settings = {
    ...input,
    lr,
    operations: resolveAugmentation(input.augmentation, images.manifest.flip),
  };
  const checkpoints = new Checkpoints(context.store, unit, { onSaved: context.checkpointed });
  const newest = await checkpoints.newest();
  const training = new EvaluationTraining(
    programs,
    set,
    settings,
    newest ? trainingState(newest.tensors) : initialEvaluation(programs.network, settings),
  );
  const steps = () => training.epoch * training.stepsPerEpoch + training.stepOfEpoch;
  const total = input.epochs * training.stepsPerEpoch;
  const { kind } = input.trainingSet;
  const name = `${networkName(input.network)} run ${input.run} on ${kind === 'full' ? 'the whole set' : kind}`;
  const speed = new Speed(steps());
  let loss = Number(newest?.metadata.loss ?? Number.NaN);
  const checkpointing = new Checkpointing(context, async () => {
    await checkpoints.save(steps(), trainingTensors(training.exportState()), { loss: String(loss) });
    await checkpoints.prune({ upTo: steps() });
  });
  try {
    while (!training.finished) {
      const step = training.step();
      if (step.finishedEpoch) loss = step.finishedEpoch.loss;
      if (!Number.isFinite(step.loss))
        throw new DistilleryError(
          'Diverged',
          `Training on ${described[kind]} diverged in epoch ${training.epoch + (step.finishedEpoch ? 0 : 1)} ` +
            `(${name}, lr ${lr}): give evaluate a smaller ${rateSetting[kind]}.`,
        );
      const rate = speed.at(steps());
      context.report({
        unit: name,
        done: steps(),
        total,
        ...(rate !== undefined && { rate }),
        metrics: { loss: step.loss },
      });
      await checkpointing.betweenSteps();
    }
    const { parameters, statistics } = training;
    const measured = await interruptibly(
      accuracyInSteps(programs, parameters, images[input.split], { statistics }),
      () => checkpointing.withinStep(),
    );
    const result: EvaluateNetworkResult = { accuracy: measured, loss, engine: context.device.info };
    await putEvaluation(context.store, unit, result);
    await checkpoints.prune({ keep: 0 });
    return result;
  } finally {
    training.release();
  }
}

async function trainingSet(
  { trainingSet: set, seed, run }: EvaluateNetworkInput,
  images: RunImages,
  context: TaskContext,
): Promise<{ set: BatchSource; learnedRate?: number }> {
  const { shape, classes } = images.manifest;
  switch (set.kind) {
    case 'full':
      return { set: images.train };
    case 'random':
      return {
        set: subset(images.train, randomBaseline(images.trainBytes, classes, { ipc: set.ipc, seed, run })),
      };
    case 'distilled': {
      const distilled = await getDistilled(context.store, set.result);
      return {
        set: new FloatImages(
          shape,
          classes,
          distilled.images,
          distilled.softLabels ?? oneHot(distilled.labels, classes),
        ),
        learnedRate: distilled.learnedRate,
      };
    }
  }
}
