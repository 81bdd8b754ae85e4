/**
 * @file Whether a stage is to run: its `when`, on the plain outputs of stages that have finished.
 */
import { evaluate, ExpressionError, type Literal } from '../definition/expressions.js';
import { plainOutputs } from '../definition/outputs.js';
import type { PlannedStage } from '../definition/plan.js';
import type { StageOutput } from '../definition/stages.js';
import { finalFailure } from './failures.js';

/**
 * Why the condition does not hold; undefined when it does.
 *
 * @param outputOf the result of a planned stage
 * @throws ApplicationFailure `InvalidDefinition` when it has no value, such as by a division by zero
 */
export function conditionProblem(
  when: NonNullable<PlannedStage['when']>,
  outputOf: (id: string) => StageOutput | undefined,
): string | undefined {
  if (when === false) return 'its condition (when) does not hold';
  const { condition, stages } = when;
  const seen = new Map<string, Literal>();
  const lookup = (names: readonly string[]): Literal | undefined => {
    const [, stage = '', output = ''] = names;
    const id = Object.hasOwn(stages, stage) ? stages[stage] : undefined;
    const result = id === undefined ? undefined : outputOf(id);
    const outputs = result === undefined ? {} : plainOutputs(result);
    const value = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
    if (value !== undefined) seen.set(names.join('.'), value);
    return value;
  };
  const holds = valueOf(condition, lookup);
  if (holds === true) return undefined;
  if (holds !== false)
    throw finalFailure('InvalidDefinition', `when: ${condition} is ${String(holds)}, neither true nor false`);
  const values = [...seen].map(([name, value]) => `${name} is ${shown(value)}`);
  return `${condition} does not hold${values.length > 0 ? `: ${values.join(', ')}` : ''}`;
}

function shown(value: Literal): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : JSON.stringify(value);
}

function valueOf(condition: string, lookup: (names: readonly string[]) => Literal | undefined): unknown {
  try {
    return evaluate(condition, { lookup });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw finalFailure('InvalidDefinition', `when: ${condition}: ${error.message}`);
  }
}
