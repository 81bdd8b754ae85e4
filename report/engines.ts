/**
 * @file What computed the stages.
 */
import type { EngineInfo } from '../definition/stages.js';
import type { ReportInput } from './input.js';

/** Each engine once, in the order of the stages. */
export function engines({ plan, stages }: Pick<ReportInput, 'plan' | 'stages'>): EngineInfo[] {
  const found = new Map<string, EngineInfo>();
  for (const { id } of plan.stages) {
    const engine = stages[id]?.manifest?.engine;
    if (engine) found.set(JSON.stringify(engine), engine);
  }
  return [...found.values()];
}
