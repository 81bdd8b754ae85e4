/**
 * @file Settings of a stage that follow from numbers of others: put in their places once those have finished.
 */
import { plainOutputs } from '../definition/outputs.js';
import { packPlan } from '../definition/packed-plan.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { UpstreamStage } from '../activities/contract.js';
import { GoOnInNewRun } from './history.js';
import { light } from './proxies.js';
import { runUnit } from './units.js';
import { takenFrom } from './upstream.js';

/**
 * The stage with all its settings; itself where they have been known before.
 *
 * @param finished the stages that have a result, with their settings
 * @throws ApplicationFailure `InvalidDefinition` that names stage, setting and value, where a value does not fit
 */
export async function withLateSettings(
  plan: Plan,
  stage: PlannedStage,
  finished: ReadonlyMap<string, UpstreamStage>,
): Promise<PlannedStage> {
  const { late } = stage;
  if (late === undefined) return stage;
  const values = Object.fromEntries(
    Object.entries(late.stages).flatMap(([written, id]) => {
      const result = finished.get(id);
      return result === undefined ? [] : [[written, plainOutputs(result.manifest.output)]];
    }),
  );
  const sources = takenFrom(stage);
  const before = [...finished].flatMap(([id, result]) => (sources.has(id) ? [result.stage] : []));
  // What they take has to suit them as well.
  const after = plan.stages.filter((other) => takenFrom(other).has(stage.id));
  const request = {
    plan: packPlan({ ...plan, stages: [...before, stage, ...after] }),
    stage: stage.id,
    values,
  };
  for (;;)
    try {
      return await runUnit(
        'settings',
        () => light.settleStage(request),
        stage.retry,
        () => undefined,
      );
    } catch (error) {
      // Other stages run as children of this run, which therefore goes on.
      if (!(error instanceof GoOnInNewRun)) throw error;
    }
}
