/**
 * @file Checks of what a plan takes of its data set: the split, and how many images of a class.
 */
import type { KnownDataset } from './builtin-datasets.js';
import { type Issues, type Path, shown } from './issues.js';
import { maximumWhitenedValues } from './limits.js';
import type { EvaluateStage, Plan } from './plan.js';
import { isLate } from './settings.js';

export function checkSplit({ dataset }: Plan, known: KnownDataset, issues: Issues): void {
  const { source, holdout, limit, zca } = dataset;
  const { channels, height, width } = known.shape;
  const values = channels * height * width;
  if (zca && values > maximumWhitenedValues)
    issues.add(
      'inconsistent',
      ['dataset', 'zca'],
      `images of at most ${maximumWhitenedValues} values can be whitened; those of ${shown(source)} have ${values}`,
    );
  const rest = known.trainImages - holdout;
  const has = `${shown(source)} has ${known.trainImages} training images`;
  if (rest < known.classes)
    issues.add(
      'inconsistent',
      ['dataset', 'holdout'],
      `${has}; ${holdout} held out leave too few to train on`,
    );
  else if (limit !== undefined && limit > rest)
    issues.add(
      'inconsistent',
      ['dataset', 'limit'],
      `${has}; with ${holdout} held out, the limit can be at most ${rest}, found ${limit}`,
    );
  else if (limit !== undefined && limit < known.classes)
    issues.add(
      'inconsistent',
      ['dataset', 'limit'],
      `${limit} images cannot be of all ${known.classes} classes; every class must be trained on`,
    );
  else if (known.rarest?.images === 0)
    issues.add(
      'inconsistent',
      ['dataset', limit === undefined ? 'holdout' : 'limit'],
      `of the ${limit ?? rest} images that are trained on none is of class ${shown(known.rarest.name ?? '?')}; raise the limit or lower the holdout`,
    );
}

/** Real images of each class are drawn: to start from, as a coreset, or to compare with. */
export function checkDrawn(
  { dataset }: Plan,
  ipc: number,
  path: Path,
  known: KnownDataset,
  issues: Issues,
): void {
  const { rarest } = known;
  if (rarest === undefined || rarest.images === 0 || ipc <= rarest.images) return;
  const where = rarest.inRun ? 'images to train on' : `training images in ${shown(dataset.source)}`;
  const remedy = rarest.inRun ? ', raise the limit or lower the holdout' : '';
  const subject = rarest.name === undefined ? 'the rarest class' : `class ${shown(rarest.name)}`;
  const message = `ipc ${ipc} is more than ${subject} has ${where}: ${rarest.images}; lower ipc${remedy}`;
  issues.add('inconsistent', path, message);
}

/** As many random real images as there are to evaluate; where these are drawn themselves, that is said there. */
export function checkBaseline(
  plan: Plan,
  { id, with: { baselines, dataset } }: EvaluateStage,
  known: KnownDataset | undefined,
  issues: Issues,
): void {
  if (!known || !baselines.includes('random')) return;
  const source = plan.stages.find((stage) => stage.id === dataset.stage);
  if (source?.uses !== 'distill' || source.with.init === 'real' || isLate(source, 'ipc')) return;
  checkDrawn(plan, source.with.ipc, ['stages', id, 'with', 'baselines'], known, issues);
}

export function syntheticImages(
  ipc: number,
  { classes }: KnownDataset,
): { synthetic: number; counted: string } {
  const synthetic = ipc * classes;
  return { synthetic, counted: `ipc ${ipc} x ${classes} classes = ${synthetic}` };
}

export function realImages({ dataset }: Plan, known: KnownDataset): number {
  return dataset.limit ?? known.trainImages - dataset.holdout;
}
