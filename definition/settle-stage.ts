/**
 * @file From a stage with late settings to one whose settings are all known: as if the definition had said the
 * values, by the same schema and the same checks.
 */
import { checkConsistency } from './consistency.js';
import { noStageTypes } from './custom-stages.js';
import { evaluate, ExpressionError, type Literal, StageReference } from './expressions.js';
import { Issues, type Path, pathKey } from './issues.js';
import type { Plan, PlannedStage } from './plan.js';
import { planWork } from './planning.js';
import { checkSchema } from './schema-issues.js';
import { stage as stageSchema } from './schema-stages.js';
import { replaced } from './settings.js';

/** Numbers, texts and truths by name, of each stage that late settings are made of, by the id that they write. */
export type LateValues = Readonly<Record<string, Readonly<Record<string, Literal>>>>;

const builtin = stageSchema(noStageTypes);

/**
 * Puts the values of late settings in their places.
 *
 * @param plan with the stage, those whose artifacts it takes, and those that take its own
 * @param id of the stage
 * @throws DefinitionError that names stage, setting and value, where a value does not fit
 */
export function settleStage(plan: Plan, id: string, values: LateValues): PlannedStage {
  const planned = plan.stages.find((stage) => stage.id === id);
  if (planned === undefined) throw new RangeError(`no stage ${id}`);
  const { late, ...stage } = planned;
  if (late === undefined) return planned;
  const issues = new Issues(plan.name);
  const path: Path = ['stages', id];
  const origins = new Map<string, string>();
  let config: unknown = late.written;
  for (const [place, { stage: from, output }] of Object.entries(late.outputs))
    config = replaced(config, place.split('.'), new StageReference(from, output));
  for (const [place, text] of Object.entries(late.settings)) {
    const names = place.split('.');
    origins.set(pathKey([...path, 'with', ...names]), `\${{ ${text} }}`);
    config = replaced(config, names, valueOf(text, values, [...path, 'with', ...names], issues));
  }
  issues.throwIfAny();
  const written = {
    uses: stage.uses,
    with: config,
    ...(stage.uses === 'distill' && { chunk: { iterations: stage.chunkIterations } }),
  };
  const checked = checkSchema(builtin, written, issues, { path, origins, failed: new Set() });
  if (checked === undefined) throw issues.error();
  const work = planWork(checked, {
    network: plan.network,
    planReference: ({ stage: from, output }) => ({ stage: from, output }),
    types: noStageTypes,
    afterExperts: late.afterExperts ?? false,
  });
  // The type of the stage is what it was, and so are its other parts.
  const settled = { ...stage, ...work } as PlannedStage;
  checkConsistency({ ...plan, stages: plan.stages.map((one) => (one.id === id ? settled : one)) }, issues);
  issues.throwIfAny();
  return settled;
}

function valueOf(text: string, values: LateValues, path: Path, issues: Issues): Literal | undefined {
  try {
    const value = evaluate(text, {
      lookup: ([, stage = '', output = '']) => {
        const outputs = Object.hasOwn(values, stage) ? values[stage] : undefined;
        return outputs !== undefined && Object.hasOwn(outputs, output) ? outputs[output] : undefined;
      },
    });
    return value instanceof StageReference ? undefined : value;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    issues.add('expression', path, `${text}: ${error.message}`);
    return undefined;
  }
}
