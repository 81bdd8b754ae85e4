/**
 * @file `settleStage`: puts numbers of finished stages into the settings of one that waits for them. An activity, so
 * that history pins what came of it, as it pins the plan.
 */
import { settleStage as settle } from '../definition/settle-stage.js';
import { unpackPlan } from '../definition/packed-plan.js';
import type { PlannedStage } from '../definition/plan.js';
import type { SettleStageInput } from './contract.js';

/** @throws DistilleryError `InvalidDefinition` that names stage, setting and value, where a value does not fit */
export function settleStage({ plan, stage, values }: SettleStageInput): PlannedStage {
  return settle(unpackPlan(plan), stage, values);
}
