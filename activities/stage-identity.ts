/**
 * @file What makes two stage results the same result: type and version, configuration, data, inputs and
 * seed. How the work was divided and repeated is left out, as it changes nothing.
 */
import { keyOfIdentity, type StageIdentity } from '../artifacts/identities.js';
import { hasBatchNorm } from '../definition/batch-norm.js';
import { usesOf } from '../definition/custom-stages.js';
import type { PlannedStage, StageType } from '../definition/plan.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { BeginStageInput } from './contract.js';

/** Raised when a stage type computes something else from the same configuration. */
const versions: Readonly<Record<Exclude<StageType, 'custom'>, number>> = {
  'train-experts': 1,
  distill: 1,
  select: 1,
  evaluate: 1,
  report: 1,
};

/** The stage key: sha256, hex. */
export function stageIdentity(input: Omit<BeginStageInput, 'cache'>): string {
  return keyOfIdentity(identityOf(input));
}

/** What the key is the digest of. */
export function identityOf({ stage, run, inputs }: Omit<BeginStageInput, 'cache'>): StageIdentity {
  const { manifest } = run.dataset;
  return {
    type: usesOf(stage),
    version: stage.uses === 'custom' ? stage.version : versions[stage.uses],
    config: configuration(stage),
    network: run.network,
    dataset: { ...without(run.dataset, 'perClass'), manifest: manifest.sha256 } as StageIdentity['dataset'],
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { sha256 }]) => [name, sha256])),
    seed: run.seed,
    ...testedBy(stage, run.network),
  };
}

/**
 * Networks with batch normalisation had other accuracies until they were tested with running averages, and so had
 * the stages that show them or choose by them.
 */
function testedBy(stage: PlannedStage, network: NetworkSpec): Pick<StageIdentity, 'tested'> {
  const isTested = ['train-experts', 'distill'].includes(stage.uses);
  const tested = stage.uses === 'evaluate' ? stage.with.networks : isTested ? [network] : [];
  return tested.some(hasBatchNorm) ? { tested: 'running averages' } : {};
}

/** The configuration without references to stages: what they stand for is among the inputs. */
function configuration(stage: PlannedStage): StageIdentity['config'] {
  switch (stage.uses) {
    case 'train-experts':
    case 'report':
    case 'custom':
      return { ...stage.with };
    case 'distill': {
      const { init } = stage.with;
      return { ...without(stage.with, 'trajectories'), init: typeof init === 'string' ? init : 'given' };
    }
    case 'select':
      return without(stage.with, 'trajectories');
    case 'evaluate':
      return without(stage.with, 'dataset');
  }
}

function without<T extends object>(config: T, name: keyof T): StageIdentity['config'] {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));
}
