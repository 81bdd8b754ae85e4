/**
 * @file The `train-experts` stage: every expert is an activity of its own, any worker can take it, and it
 * goes on from its last stored epoch.
 */
import type { Reference } from '../artifacts/reference.js';
import type { TrainExpertsStage } from '../definition/plan.js';
import { inGroup } from './group.js';
import { GoOnInNewRun, historyIsLong } from './history.js';
import { light } from './proxies.js';
import { runStage, type StageWork } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';

/** Trajectory of each expert, null where there is none yet. */
export type ExpertsPosition = readonly (Reference | null)[];

export type TrainExpertsInput = StageInput<TrainExpertsStage, ExpertsPosition>;

/** Trains `count` experts, at most `maxParallel` at once, and records them as one trajectory set. */
export async function trainExperts(input: TrainExpertsInput): Promise<StageOutcome> {
  const { count } = input.stage.with;
  return runStage(
    input,
    () => ({}),
    async (stage) => {
      const trajectories = Array.from(
        { length: count },
        (_, index) => input.resume?.position?.[index] ?? null,
      );
      stage.resumeFrom(() => trajectories);
      await trainMissing(input, trajectories, stage);
      if (countTrained(trajectories) < count) throw new GoOnInNewRun('experts are missing');
      const { network, fresh } = input.run;
      const set = {
        key: fresh === undefined ? stage.key : `${stage.key}-${fresh}`,
        network,
        trajectories: trajectories.filter(isTrained),
      };
      return stage.unit('trajectory set', () => light.recordTrajectorySet(set));
    },
  );
}

/** Fills in `trajectories`; starts no more when the history grows long. */
async function trainMissing(
  { stage: { with: config, maxParallel }, run }: TrainExpertsInput,
  trajectories: (Reference | null)[],
  stage: StageWork<ExpertsPosition>,
): Promise<void> {
  stage.progress.at(countTrained(trajectories));
  await inGroup(maxParallel, (group) => {
    trajectories.forEach((trained, index) => {
      if (trained !== null) return;
      group.start(async () => {
        if (historyIsLong()) return;
        const expert = await stage.compute('trainExpert', `expert ${index}`, {
          ...run,
          config,
          index,
        });
        trajectories[index] = expert.trajectory;
        stage.ranOn(expert.engine);
        const accuracy = expert.accuracyByEpoch.at(-1);
        stage.progress.at(countTrained(trajectories), accuracy === undefined ? {} : { accuracy });
      });
    });
    return group.drain();
  });
}

function countTrained(trajectories: ExpertsPosition): number {
  return trajectories.filter(isTrained).length;
}

function isTrained(trajectory: Reference | null): trajectory is Reference {
  return trajectory !== null;
}
