/**
 * @file Checks that look at several settings of trajectory matching at once, and at the experts it matches.
 */
import { type Issues, type Path, shown } from './issues.js';
import { isSpacing, keptEpochs, startEpochBound, startEpochs } from './kept-epochs.js';
import type { MttConfig, TrainExpertsStage } from './plan.js';

/**
 * @param experts the stage whose experts are matched, where it is known
 * @param path of the method
 */
export function checkMethod(
  method: MttConfig,
  experts: TrainExpertsStage | undefined,
  path: Path,
  issues: Issues,
): void {
  if (experts) checkReach(method, experts, path, issues);
  if (checkStartEpochs(method, path, issues) && experts) checkKept(method, experts, path, issues);
  checkRate(method, path, issues);
  checkLearnedLabels(method, path, issues);
}

/** Learned labels have a rate, and fixed ones none. */
export function checkLearnedLabels(
  { labels, lrLabels }: Pick<MttConfig, 'labels' | 'lrLabels'>,
  path: Path,
  issues: Issues,
): void {
  const learned = labels === 'learned';
  if (learned && lrLabels === undefined)
    issues.add('inconsistent', [...path, 'labels'], 'learned labels need lrLabels, their learning rate');
  if (!learned && lrLabels !== undefined)
    issues.add(
      'inconsistent',
      [...path, 'lrLabels'],
      'lrLabels is for learned labels; add "labels: learned", or leave it out',
    );
}

/** The student's rate starts no lower than it may fall. */
export function checkRate(
  { lrInit, lrFloor }: Pick<MttConfig, 'lrInit' | 'lrFloor'>,
  path: Path,
  issues: Issues,
): void {
  if (lrInit >= lrFloor) return;
  issues.add('inconsistent', [...path, 'lrInit'], `lrInit ${lrInit} is below lrFloor ${lrFloor}`);
}

/** Whether there are start epochs to draw from. */
function checkStartEpochs(
  { minStartEpoch = 0, maxStartEpoch, startEpochGrowth }: MttConfig,
  path: Path,
  issues: Issues,
): boolean {
  if (minStartEpoch >= maxStartEpoch) {
    const message = `minStartEpoch ${minStartEpoch} must be below maxStartEpoch ${maxStartEpoch}`;
    issues.add('inconsistent', [...path, 'minStartEpoch'], message);
    return false;
  }
  if (startEpochGrowth === undefined) return true;
  const { from } = startEpochGrowth;
  if (from > minStartEpoch && from <= maxStartEpoch) return true;
  const message =
    `start epochs are first drawn from minStartEpoch to "from" - 1: "from" must be ` +
    `from ${minStartEpoch + 1} to maxStartEpoch ${maxStartEpoch}, found ${from}`;
  issues.add('inconsistent', [...path, 'startEpochGrowth', 'from'], message);
  return false;
}

/** From the first iteration on, some start epoch must be kept together with its target. */
function checkKept(method: MttConfig, experts: TrainExpertsStage, path: Path, issues: Issues): void {
  const kept = keptEpochs(experts.with);
  if (kept === undefined || startEpochs(method, 0, kept).length > 0) return;
  const { minStartEpoch = 0, expertEpochs } = method;
  const message =
    `the experts of ${shown(experts.id)} keep no start epoch from ${minStartEpoch} to ` +
    `${startEpochBound(method, 0) - 1} together with the epoch ${expertEpochs} later: keep more of their epochs ` +
    '(keepEpochs), or match another number of expertEpochs';
  issues.add('invalid-trajectory', [...path, 'expertEpochs'], message);
}

/** Epochs to keep must be trained. */
export function checkKeptEpochs(experts: TrainExpertsStage, issues: Issues): void {
  const { epochs, keepEpochs } = experts.with;
  if (keepEpochs === undefined) return;
  const last = isSpacing(keepEpochs) ? keepEpochs.every : (keepEpochs.at(-1) ?? 0);
  if (last <= epochs) return;
  const message = `the experts are trained for ${epochs} epochs; there is no epoch ${last} to keep`;
  issues.add('inconsistent', ['stages', experts.id, 'with', 'keepEpochs'], message);
}

/** The last start epoch and the epochs matched from there must lie on the expert's trajectory. */
function checkReach(
  { maxStartEpoch, expertEpochs }: MttConfig,
  experts: TrainExpertsStage,
  path: Path,
  issues: Issues,
): void {
  const { epochs } = experts.with;
  const reach = maxStartEpoch - 1 + expertEpochs;
  if (reach <= epochs) return;
  const latest = epochs - expertEpochs + 1;
  const remedy =
    latest >= 1
      ? `train at least ${reach} epochs, or set maxStartEpoch to at most ${latest}`
      : `train at least ${reach} epochs, or match fewer expertEpochs`;
  const message = `maxStartEpoch - 1 + expertEpochs = ${maxStartEpoch} - 1 + ${expertEpochs} = ${reach}, but the experts of ${shown(experts.id)} are trained for ${epochs} epochs only; ${remedy}`;
  issues.add('invalid-trajectory', [...path, 'maxStartEpoch'], message);
}
