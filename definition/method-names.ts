/**
 * @file What ways to make a small set of images are called in reports and tables.
 */
import type { CoresetMethod, DistillMethod, DistillStage, SelectStage } from './plan.js';

const coresets: Readonly<Record<CoresetMethod['name'], string>> = {
  random: 'random selection',
  herding: 'herding',
  'k-center': 'k-center',
  forgetting: 'forgetting',
};

const distillations: Readonly<Record<DistillMethod['name'], string>> = {
  mtt: 'trajectory matching',
  dd: 'unrolled loss',
  dm: 'distribution matching',
  dc: 'gradient matching',
  dsa: 'gradient matching with augmentation',
  kip: 'kernel inducing points',
};

/** For example `trajectory matching`. */
export function distillMethodName({ name }: DistillMethod): string {
  return distillations[name];
}

/** For example `trajectory matching`, `herding`. */
export function methodName(stage: DistillStage | SelectStage): string {
  return stage.uses === 'select' ? coresets[stage.with.method.name] : distillMethodName(stage.with.method);
}
