/**
 * @file The stage of a user's own type: one activity, on the queue of the workflow itself or on that of compute.
 */
import { customUses, fillConfig } from '../definition/custom-stages.js';
import type { CustomStage } from '../definition/plan.js';
import { attemptCompute, attemptCustom } from './proxies.js';
import { runStage } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { customInputs } from './stage-inputs.js';

export type CustomStageInput = StageInput<CustomStage>;

/** Runs what the owner of the workers has written for this type of stage. */
export async function customStage(input: CustomStageInput): Promise<StageOutcome> {
  const { values, artifacts } = customInputs(input.stage, input.upstream);
  const { run } = input;
  const stage: CustomStage = { ...input.stage, with: fillConfig(input.stage.with, values) };
  return runStage(
    { ...input, stage },
    () => artifacts,
    (work) =>
      work.stoppable(customUses(stage.type), async (unit) => {
        const given = { stage, inputs: artifacts, run };
        if (stage.runs !== 'compute') return attemptCustom(stage, unit, given);
        const { output, engine } = await attemptCompute(stage, 'computeStage', unit, given);
        work.ranOn(engine);
        return output;
      }),
  );
}
