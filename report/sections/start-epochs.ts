/**
 * @file From where on the experts' trajectories matching may start: accuracy by the last start epoch, where a run
 * tries several, and how well the images match from each epoch.
 */
import { captioned } from '../charts/captioned.js';
import { familyChart, type Curve } from '../charts/family.js';
import type { Point } from '../charts/line.js';
import type { Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { integer, percent, percentTick, significant } from '../numbers.js';
import { comparable, type Trial } from '../trials.js';

/** Two points are no landscape. */
const leastEpochs = 3;

export function startEpochsSection(findings: Findings): Markup | undefined {
  const { trials = [], distilled } = findings;
  const groups = comparable(trials, 'maxStartEpoch');
  const followed = trials.filter(({ id }) => id === distilled?.id && epochsOf({ id, trials }) >= leastEpochs);
  const shown = groups.length > 0 ? groups : followed.length > 0 ? [followed] : [];
  if (shown.length === 0) return undefined;
  return markup`<section id="start-epochs"><h2>Where matching starts</h2>
<p class="lead">A match starts from a point on an expert's trajectory, at an epoch drawn below maxStartEpoch. Early epochs teach what is common and easy, late ones what is particular, for which few images have no room.</p>
${shown.map(figures)}</section>`;
}

function epochsOf({ id, trials }: { id: string; trials: readonly Trial[] }): number {
  return trials.find((trial) => trial.id === id)?.matched?.byStartEpoch.length ?? 0;
}

function figures(trials: readonly Trial[]): Markup {
  const inOrder = trials.toSorted((a, b) => a.method.maxStartEpoch - b.method.maxStartEpoch);
  return markup`<div class="columns">${[accuracy(inOrder), landscape(inOrder)]}</div>`;
}

/** Only where there is more than one maxStartEpoch to compare. */
function accuracy(trials: readonly Trial[]): Markup | undefined {
  if (trials.length < 2) return undefined;
  const test = trials.flatMap(({ test: row, method, id }): Point[] =>
    row
      ? [
          {
            x: method.maxStartEpoch,
            y: row.mean,
            std: row.std,
            title: `${id}: ${percent(row.mean)} on the test set`,
          },
        ]
      : [],
  );
  const heldOut = trials.flatMap(({ heldOut: held, method, id }): Point[] =>
    held
      ? [
          {
            x: method.maxStartEpoch,
            y: held.accuracy,
            std: held.std,
            title: `${id}: ${percent(held.accuracy)} held out`,
          },
        ]
      : [],
  );
  const curves: Curve[] = [
    ...(heldOut.length > 0 ? [{ name: 'held out', points: heldOut }] : []),
    ...(test.length > 0 ? [{ name: 'test', points: test }] : []),
  ];
  if (curves.length === 0) return undefined;
  return captioned(
    familyChart({
      name: 'Accuracy by maxStartEpoch',
      describe: [...test, ...heldOut].map(({ title }) => title ?? '').join('; '),
      x: { label: 'maxStartEpoch', format: integer },
      y: { label: 'accuracy', format: percentTick, kind: 'linear' },
      curves,
    }),
    'Distillations that differ in nothing else; the error bar is one standard deviation to either side.',
  );
}

function landscape(trials: readonly Trial[]): Markup | undefined {
  const curves = trials.flatMap(({ matched, method }): Curve[] => {
    const points = (matched?.byStartEpoch ?? []).map(({ epoch, loss, matches }): Point => ({
      x: epoch,
      y: loss,
      title: `from epoch ${epoch}: mean loss ${significant(loss)} over ${integer(matches)} ${matches === 1 ? 'match' : 'matches'}`,
    }));
    return points.length === 0
      ? []
      : [{ name: trials.length > 1 ? `max ${method.maxStartEpoch}` : '', points }];
  });
  if (curves.length === 0) return undefined;
  return captioned(
    familyChart({
      name: 'Matching loss by start epoch',
      describe: curves
        .map(({ name, points }) => [name, ...points.map(({ title }) => title)].join(' '))
        .join('; '),
      x: { label: 'start epoch', format: integer },
      y: { label: 'matching loss', format: (value) => significant(value), kind: 'linear' },
      curves,
    }),
    'Mean loss of the matches that started from an epoch, over the last quarter of the iterations up to the chosen one.',
  );
}
