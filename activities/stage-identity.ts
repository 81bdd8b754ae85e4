/**
 * @file What makes two stage results the same result: type and version, configuration, data, inputs and
 * seed. How the work was divided and repeated is left out, as it changes nothing.
 */
import { unitKey } from '../artifacts/canonical-json.js';
import type { PlannedStage, StageType } from '../definition/plan.js';
import type { BeginStageInput } from './contract.js';

/** Raised when a stage type computes something else from the same configuration. */
const versions: Readonly<Record<StageType, number>> = {
  'train-experts': 1,
  distill: 1,
  select: 1,
  evaluate: 1,
  report: 1,
};

/** The stage key: sha256, hex. */
export function stageIdentity({ stage, run, inputs }: Omit<BeginStageInput, 'cache'>): string {
  const { manifest } = run.dataset;
  return unitKey({
    type: stage.uses,
    version: versions[stage.uses],
    config: configuration(stage),
    network: run.network,
    dataset: { ...without(run.dataset, 'perClass'), manifest: manifest.sha256 },
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { sha256 }]) => [name, sha256])),
    seed: run.seed,
  });
}

/** The configuration without references to stages: what they stand for is among the inputs. */
function configuration(stage: PlannedStage): object {
  switch (stage.uses) {
    case 'train-experts':
    case 'report':
      return stage.with;
    case 'distill':
      return without(stage.with, 'trajectories');
    case 'select':
      return without(stage.with, 'trajectories');
    case 'evaluate':
      return without(stage.with, 'dataset');
  }
}

function without<T extends object>(config: T, name: keyof T): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));
}
