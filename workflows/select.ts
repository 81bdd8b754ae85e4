/**
 * @file The `select` stage: a coreset, chosen in one activity.
 */
import type { SelectStage } from '../definition/plan.js';
import { runStage } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { trajectoryInput } from './stage-inputs.js';

export type SelectInput = StageInput<SelectStage>;

/** Chooses real images to stand for all. */
export async function select(input: SelectInput): Promise<StageOutcome> {
  const { trajectories, ...config } = input.stage.with;
  const inputs = () => trajectoryInput(trajectories, input.upstream);
  return runStage(input, inputs, async (stage) => {
    const { name } = config.method;
    const selection = await stage.compute('selectImages', `${name} selection`, {
      ...input.run,
      ...inputs(),
      config,
    });
    stage.ranOn(selection.engine);
    stage.progress.at(1);
    return { type: 'select', result: selection.result, method: name, count: selection.count };
  });
}
