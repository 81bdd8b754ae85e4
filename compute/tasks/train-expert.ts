/**
 * @file `trainExpert`: trains one expert and stores its trajectory (method, section 2).
 */
import { unitKey } from '../../artifacts/canonical-json.js';
import { Checkpoints, type Checkpoint } from '../../artifacts/checkpoints.js';
import { holds } from '../../artifacts/hold.js';
import { TrajectoryWriter } from '../../artifacts/trajectory-writer.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { findTrajectory } from '../../artifacts/trajectories.js';
import { accuracyInSteps } from '../../distillation/accuracy.js';
import { keptEpochs } from '../../definition/kept-epochs.js';
import { maximumExpertParameters } from '../../definition/limits.js';
import { snapshotProblem } from '../../definition/parameter-count.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { ExpertTraining, initialExpert } from '../../distillation/expert.js';
import { interruptibly } from '../../distillation/interruptible.js';
import { DistilleryError } from '../../errors/errors.js';
import type { Network } from '../../networks/network.js';
import { Checkpointing, Speed } from '../checkpointing.js';
import type { TaskContext } from '../context.js';
import type { TrainExpertInput, TrainExpertResult } from '../protocol.js';
import { trainingState, trainingTensors } from '../training-checkpoint.js';
import { shardsOf, writerState, writerTensors } from '../trajectory-checkpoint.js';
import { requireMemory } from '../memory-need.js';
import { expertUnit } from '../unit-keys.js';
import { networkPrograms, runImages } from '../warm.js';

/** What a checkpoint keeps beside the weights. */
interface Records {
  /** Test accuracy by epoch, from 0. */
  readonly testAccuracy: number[];
  /** Mean training loss by epoch, from 1. */
  readonly trainLoss: number[];
}

export async function trainExpert(input: TrainExpertInput, context: TaskContext): Promise<TrainExpertResult> {
  const { config, seed, index } = input;
  const { store, device } = context;
  const unit = expertUnit(input);
  const trajectoryUnit = unitKey({ unit, epochs: config.epochs });
  const existing = await findTrajectory(store, trajectoryUnit);
  if (existing) {
    const { trajectory, reference } = existing;
    return {
      trajectory: reference,
      accuracyByEpoch: trajectory.testAccuracy,
      reused: true,
      engine: device.info,
    };
  }

  const images = await runImages(context, input.dataset);
  const programs = networkPrograms(context, input.network, images.manifest);
  const { network } = programs;
  requireStorable(network);
  requireMemory(context, 'trainExpert', {
    network,
    kinds: [config.momentum === 0 && config.weightDecay === 0 ? 'plain-sgd' : 'momentum-sgd'],
    batch: Math.min(config.batchSize, images.train.count),
    parameterSets: 2,
    images: images.held,
  });
  const checkpoints = new Checkpoints(store, unit, { goal: config.epochs, onSaved: context.checkpointed });
  const stepsPerEpoch = Math.ceil(images.train.count / config.batchSize);
  const newest = await newestUsable(store, checkpoints, config.epochs * stepsPerEpoch);
  const records: Records = newest ? recordsOf(newest) : { testAccuracy: [], trainLoss: [] };
  const writer = new TrajectoryWriter(
    store,
    trajectoryUnit,
    { index, seed, network: input.network, parameters: network.parameters },
    newest && writerState(newest),
    { kept: keptEpochs(config), precision: config.precision },
  );
  const training = new ExpertTraining(
    programs,
    images.train,
    {
      ...config,
      operations: resolveAugmentation(config.augmentation, images.manifest.flip),
      seed,
      index,
    },
    newest ? trainingState(newest.tensors) : initialExpert(network, { seed, index }),
  );
  const steps = () => training.epoch * stepsPerEpoch + training.stepOfEpoch;
  const checkpointing = new Checkpointing(context, async () => {
    const state = writer.state();
    const tensors = new Map([...trainingTensors(training.exportState()), ...writerTensors(state)]);
    await checkpoints.save(steps(), tensors, {
      records: JSON.stringify(records),
      shards: JSON.stringify(state.shards),
    });
    await checkpoints.prune({ upTo: steps() });
  });

  // Measuring may be interrupted: epochs trained and not yet measured are measured by the next attempt.
  const measure = async () => {
    if (training.stepOfEpoch !== 0 || records.testAccuracy.length > training.epoch) return;
    const { parameters, statistics } = training;
    const measured = accuracyInSteps(programs, parameters, images.test, { statistics });
    records.testAccuracy.push(await interruptibly(measured, () => checkpointing.withinStep()));
  };

  try {
    if (!newest && writer.nextEpoch === 0) await writer.add(0, training.snapshot());
    await measure();
    const speed = new Speed(steps());
    while (training.epoch < config.epochs) {
      const { loss, finishedEpoch } = training.step();
      if (!Number.isFinite(loss)) throw divergence(input, training.epoch, loss);
      if (finishedEpoch) {
        const snapshot = training.snapshot();
        // The loss is that of before the last update, which may be the one that goes astray.
        if (!snapshot.every(Number.isFinite)) throw divergence(input, training.epoch - 1, Number.NaN);
        if (writer.nextEpoch === training.epoch) await writer.add(training.epoch, snapshot);
        records.trainLoss.push(finishedEpoch.loss);
        await measure();
      }
      const rate = speed.at(steps());
      context.report({
        unit: `expert ${index}`,
        done: steps(),
        total: config.epochs * stepsPerEpoch,
        ...(rate !== undefined && { rate }),
        metrics: {
          epoch: training.epoch,
          loss,
          accuracy: records.testAccuracy.at(-1) ?? Number.NaN,
        },
      });
      await checkpointing.betweenSteps();
    }
    const { testAccuracy, trainLoss } = records;
    const { reference } = await writer.finish(testAccuracy, trainLoss);
    await checkpoints.prune({ keep: 1 });
    return { trajectory: reference, accuracyByEpoch: testAccuracy, reused: false, engine: device.info };
  } finally {
    training.release();
  }
}

/** Said before the first step; of networks and data sets that a definition alone does not know. */
function requireStorable({ parameterCount }: Network): void {
  if (parameterCount <= maximumExpertParameters) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `${snapshotProblem(parameterCount)}: use a smaller network.`,
  );
}

/** The newest checkpoint whose shards are there too. */
async function newestUsable(
  store: ArtifactStore,
  checkpoints: Checkpoints,
  steps: number,
): Promise<Checkpoint | undefined> {
  let newest = await checkpoints.newest({ atMost: steps });
  while (newest && !(await holdsShards(store, newest))) {
    newest = await checkpoints.newest({ atMost: newest.sequence - 1 });
  }
  return newest;
}

async function holdsShards(store: ArtifactStore, checkpoint: Checkpoint): Promise<boolean> {
  const held = await Promise.all(shardsOf(checkpoint).map(({ object }) => holds(store, object)));
  return held.every(Boolean);
}

function recordsOf({ metadata }: Checkpoint): Records {
  return JSON.parse(metadata.records ?? '{}') as Records;
}

function divergence({ index, config }: TrainExpertInput, epoch: number, loss: number): DistilleryError {
  return new DistilleryError(
    'Diverged',
    `Expert ${index} diverged in epoch ${epoch + 1} (loss ${loss}, lr ${config.lr}): ` +
      'give train-experts a smaller lr.',
  );
}
