/**
 * @file What ways to make a small set of images are called in reports and tables.
 */
import type { CoresetMethod, DistillStage, SelectStage } from './plan.js';

const coresets: Readonly<Record<CoresetMethod['name'], string>> = {
  random: 'random selection',
  herding: 'herding',
  'k-center': 'k-center',
  forgetting: 'forgetting',
};

/** For example `trajectory matching`, `herding`. */
export function methodName(stage: DistillStage | SelectStage): string {
  return stage.uses === 'select' ? coresets[stage.with.method.name] : 'trajectory matching';
}
