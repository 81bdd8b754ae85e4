/**
 * @file Short-range against long-range matching: distillations of one run that differ in how many steps of the
 * student (N) match how many epochs of the expert (M).
 */
import { captioned } from '../charts/captioned.js';
import { familyChart, type Curve } from '../charts/family.js';
import type { Point } from '../charts/line.js';
import type { Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { counted, integer, percent, percentTick, percentWithStd, significant } from '../numbers.js';
import { comparable, type Trial } from '../trials.js';

export function rangesSection({ trials = [] }: Findings): Markup | undefined {
  const groups = comparable(trials, 'synSteps', 'expertEpochs').filter((group) =>
    group.some((trial) => shown(trial) !== undefined),
  );
  if (groups.length === 0) return undefined;
  return markup`<section id="ranges"><h2>Short-range against long-range matching</h2>
<p class="lead">The same distillation with N steps of the student on the synthetic images matched to M epochs of the expert. The paper finds that a long way is worth matching: large N with a large M does better than few steps at a time, and the more steps N there are, the larger the best M.</p>
${groups.map(figures)}</section>`;
}

/** The accuracy that a trial is placed by: on the test set, or held out where it was not evaluated. */
function shown({ test, heldOut }: Trial): { readonly mean: number; readonly std: number } | undefined {
  return test ?? (heldOut && { mean: heldOut.accuracy, std: heldOut.std });
}

function figures(trials: readonly Trial[]): Markup {
  const tested = trials.some(({ test }) => test !== undefined);
  const beside = tested && trials.some(({ heldOut }) => heldOut !== undefined);
  const accuracy = tested ? 'test accuracy' : 'held-out accuracy';
  const hollow = beside ? ' Dashed: accuracy on the held-out images, by which the iteration was chosen.' : '';
  const byEpochs = curves(trials, ({ method }) => method.expertEpochs);
  const byDistance = curves(trials, ({ matched }) => matched?.travelled.expert);
  return markup`<div class="columns">${captioned(
    familyChart({
      name: `${accuracy} by epochs of the expert, for each number of student steps`,
      describe: describe(byEpochs),
      x: { label: 'epochs of the expert, M', format: integer },
      y: { label: accuracy, format: percentTick, kind: 'linear' },
      curves: byEpochs,
    }),
    `A curve for each number of student steps N.${hollow}`,
  )}${
    byDistance.length > 0
      ? captioned(
          familyChart({
            name: `${accuracy} by the distance that the expert travelled`,
            describe: describe(byDistance),
            x: {
              label: 'distance the expert travelled, |θ*ₜ₊ₘ − θ*ₜ|',
              format: (value) => significant(value),
            },
            y: { label: accuracy, format: percentTick, kind: 'linear' },
            curves: byDistance,
          }),
          'The same by the mean distance between where the expert was and where it went, over all parameters.',
        )
      : ''
  }</div>
${table(trials)}`;
}

function curves(trials: readonly Trial[], across: (trial: Trial) => number | undefined): Curve[] {
  const steps = [...new Set(trials.map(({ method }) => method.synSteps))].sort((a, b) => a - b);
  return steps.flatMap((synSteps): Curve[] => {
    const own = trials.filter(({ method }) => method.synSteps === synSteps);
    const points = own.flatMap((trial): Point[] => {
      const [x, accuracy] = [across(trial), shown(trial)];
      if (x === undefined || accuracy === undefined) return [];
      return [{ x, y: accuracy.mean, std: accuracy.std, title: title(trial) }];
    });
    const beside = own.flatMap(({ test, heldOut, ...trial }): Point[] => {
      const x = across(trial);
      return test && heldOut && x !== undefined ? [{ x, y: heldOut.accuracy }] : [];
    });
    return points.length === 0
      ? []
      : [{ name: `N = ${synSteps}`, points, ...(beside.length > 0 && { beside }) }];
  });
}

function title({ id, method, test, heldOut }: Trial): string {
  const measured = [
    ...(test ? [`${percent(test.mean)} on the test set`] : []),
    ...(heldOut ? [`${percent(heldOut.accuracy)} held out`] : []),
  ];
  return `${id}: N = ${method.synSteps}, M = ${method.expertEpochs}: ${measured.join(', ')}`;
}

function describe(family: readonly Curve[]): string {
  return family.flatMap(({ points }) => points.map((point) => point.title ?? '')).join('; ');
}

function table(trials: readonly Trial[]): Markup {
  const rows = trials
    .toSorted(
      (a, b) => a.method.synSteps - b.method.synSteps || a.method.expertEpochs - b.method.expertEpochs,
    )
    .map(tableRow);
  const over = Math.max(0, ...trials.map(({ matched }) => matched?.travelled.iterations ?? 0));
  const note =
    over > 0
      ? markup`<p class="note">Distances are Euclidean, over all parameters: means over the last quarter of the iterations up to the chosen one (up to ${counted(over, 'iteration')}). What is left is the distance between where the student and the expert ended, as a share of the way of the expert.</p>`
      : '';
  return markup`<div class="scroll" style="margin-top:22px"><table><thead><tr><th>Stage</th><th class="number">N</th><th class="number">M</th><th class="number">Expert travelled</th><th class="number">Student travelled</th><th class="number">Left</th><th class="number">Held out</th><th class="number">Test accuracy</th></tr></thead><tbody>${rows}</tbody></table></div>${note}`;
}

function tableRow({ id, method, matched, test, heldOut }: Trial): Markup {
  const { expert, student, left } = matched?.travelled ?? {};
  const number = (value: number | undefined): string => (value === undefined ? '' : significant(value));
  return markup`<tr><td class="name">${id}</td><td class="number">${method.synSteps}</td><td class="number">${method.expertEpochs}</td><td class="number">${number(expert)}</td><td class="number">${number(student)}</td><td class="number">${left === undefined ? '' : percent(left, 0)}</td><td class="number">${heldOut ? percent(heldOut.accuracy) : ''}</td><td class="number">${test ? percentWithStd(test.mean, test.std, test.accuracies.length) : ''}</td></tr>`;
}
