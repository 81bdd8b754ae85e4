/**
 * @file Several distillations by trajectory matching in one run, and which of them differ in one setting alone: the
 * trials of an experiment.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import { networkLabel, networkName } from '../definition/network-names.js';
import type { DistillConfig, DistillStage, MttConfig, Plan } from '../definition/plan.js';
import type { DistillOutput, EvaluationRow } from '../definition/stages.js';
import type { ReportInput } from './input.js';
import type { Matched } from './matched.js';

export interface Trial {
  readonly id: string;
  readonly config: DistillConfig;
  readonly method: MttConfig;
  readonly output: DistillOutput;
  /** On the test set, by the network that was distilled with. */
  readonly test?: EvaluationRow;
  /** Of the chosen iteration, on the held-out images. */
  readonly heldOut?: { readonly accuracy: number; readonly std: number };
  readonly matched?: Matched;
}

type Run = Pick<ReportInput, 'plan' | 'stages'>;

/** The finished distillations that matched trajectories, without what their metrics say. */
export function trialsOf({ plan, stages }: Run): Omit<Trial, 'matched'>[] {
  const distillations = plan.stages.filter((stage): stage is DistillStage => stage.uses === 'distill');
  return distillations.flatMap(({ id, with: config }) => {
    const output = stages[id]?.output;
    const { method } = config;
    if (output?.type !== 'distill' || method.name !== 'mtt') return [];
    const heldOut = output.candidates.find(({ iteration }) => iteration === output.iteration);
    const test = testRow(id, { plan, stages });
    return [{ id, config, method, output, ...(test && { test }), ...(heldOut && { heldOut }) }];
  });
}

function testRow(id: string, { plan, stages }: Run): EvaluationRow | undefined {
  const rows = plan.stages.flatMap((stage) => {
    const output = stages[stage.id]?.output;
    const isOf = stage.uses === 'evaluate' && stage.with.dataset.stage === id;
    return isOf && output?.type === 'evaluate' ? output.rows : [];
  });
  const distilled = rows.filter(({ trainedOn }) => trainedOn === 'distilled');
  return distilled.find(({ architecture }) => isOwn(architecture, plan)) ?? distilled[0];
}

function isOwn(architecture: string, { network }: Plan): boolean {
  return architecture === networkName(network) || architecture === networkLabel(network);
}

/** The trials that differ in nothing but the named settings of the method, where there are two or more of them. */
export function comparable(
  trials: readonly Trial[],
  ...settings: readonly (keyof MttConfig)[]
): readonly (readonly Trial[])[] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const rest = Object.entries(trial.method).filter(([key]) => !settings.some((setting) => setting === key));
    const key = canonicalJson({ ...trial.config, method: Object.fromEntries(rest) });
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()].filter((group) => {
    const values = group.map(({ method }) => JSON.stringify(settings.map((setting) => method[setting])));
    return new Set(values).size > 1;
  });
}
