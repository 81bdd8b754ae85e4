/**
 * @file The stage of a user's own type: one activity, on the queue of the workflow itself.
 */
import type { Reference } from '../artifacts/reference.js';
import { customUses, fillConfig } from '../definition/custom-stages.js';
import type { CustomStage } from '../definition/plan.js';
import { attemptCustom } from './proxies.js';
import { runStage } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { outputValue } from './upstream.js';

export type CustomStageInput = StageInput<CustomStage>;

/** Runs what the owner of the workers has written for this type of stage. */
export async function customStage(input: CustomStageInput): Promise<StageOutcome> {
  const { values, artifacts } = givenBy(input);
  // Values are part of the configuration, as if the definition had them; artifacts are inputs, by their digests.
  const stage: CustomStage = { ...input.stage, with: fillConfig(input.stage.with, values) };
  return runStage(
    { ...input, stage },
    () => artifacts,
    (work) =>
      work.stoppable(customUses(stage.type), (unit) =>
        attemptCustom(stage, unit, { stage, inputs: artifacts, run: input.run }),
      ),
  );
}

function givenBy({ stage, upstream }: CustomStageInput) {
  const values: Record<string, string | number | boolean> = {};
  const artifacts: Record<string, Reference> = {};
  for (const [place, reference] of Object.entries(stage.inputs)) {
    const value = outputValue(upstream, reference);
    if (typeof value === 'object') artifacts[place] = value;
    else values[place] = value;
  }
  return { values, artifacts };
}
