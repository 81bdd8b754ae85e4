/**
 * @file What came out of a run, in a table and a sentence.
 */
import type { Plan } from '../../definition/plan.js';
import type { EvaluateOutput, EvaluationRow, PipelineResult } from '../../definition/stages.js';
import { printable } from '../terminal/escape.js';
import { formatAccuracyStd } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';

/** The evaluations of a run, one after the other. */
function evaluationRows(result: PipelineResult): readonly EvaluationRow[] {
  return Object.values(result.stages)
    .filter((output): output is EvaluateOutput => output.type === 'evaluate')
    .flatMap((output) => output.rows);
}

/**
 * Table of accuracies, with their share of what the whole training set gives where that is known, and the
 * difference in points where there is a baseline.
 */
export function accuracyLines(
  result: PipelineResult,
  plan: Plan | undefined,
  terminal: Pick<Terminal, 'columns' | 'colours'>,
): string[] {
  const rows = evaluationRows(result);
  if (rows.length === 0) return [];
  const whole = rows.some((row) => row.trainedOn === 'full');
  const table = tableLines(
    [
      { title: 'TRAINED ON', flexible: true },
      { title: 'NETWORK' },
      { title: 'TEST ACCURACY', align: 'right' },
      ...(whole ? [{ title: 'OF WHOLE', align: 'right' } as const] : []),
      { title: 'RUNS', align: 'right' },
    ],
    rows.map((row) => [
      trainedOn(row, plan),
      printable(row.architecture),
      formatAccuracyStd(row.mean, row.std),
      ...(whole ? [shareOfWhole(row, rows)] : []),
      String(row.accuracies.length),
    ]),
    terminal,
  );
  const sentences = differences(rows).map((sentence) => terminal.colours.bold(sentence));
  return [...table, ...(sentences.length > 0 ? ['', ...sentences] : [])];
}

/** Beside what the same architecture reaches on the whole training set, where that is known. */
function shareOfWhole(row: EvaluationRow, rows: readonly EvaluationRow[]): string {
  const full = rows.find(
    ({ trainedOn: set, architecture }) => set === 'full' && architecture === row.architecture,
  );
  return full === undefined || full.mean === 0 ? '' : `${((100 * row.mean) / full.mean).toFixed(0)} %`;
}

function trainedOn({ trainedOn: set }: EvaluationRow, plan: Plan | undefined): string {
  const ipc = plan?.stages.find((stage) => stage.uses === 'distill')?.with.ipc;
  const perClass = ipc === undefined ? '' : `, ${ipc} per class`;
  switch (set) {
    case 'distilled':
      return `distilled images${perClass}`;
    case 'random':
      return `random real images${perClass}`;
    case 'full': {
      const limit = plan?.dataset.limit;
      const images =
        limit === undefined ? 'the whole training set' : `all ${limit.toLocaleString('en')} training images`;
      // Few epochs are not all that the images can give, so how many there were is said.
      const epochs = plan?.stages.find((stage) => stage.uses === 'train-experts')?.with.epochs;
      return epochs === undefined ? images : `${images}, ${epochs} epochs`;
    }
  }
}

/** `ConvNet: distilled images beat as many random real ones by 22.3 points.` */
function differences(rows: readonly EvaluationRow[]): string[] {
  return rows.flatMap((distilled) => {
    if (distilled.trainedOn !== 'distilled') return [];
    const { architecture } = distilled;
    const random = rows.find((row) => row.trainedOn === 'random' && row.architecture === architecture);
    if (random === undefined) return [];
    const points = (distilled.mean - random.mean) * 100;
    const verb = points >= 0 ? 'beat' : 'fall behind';
    const size = Math.abs(points).toFixed(1);
    return [
      `${printable(architecture)}: the distilled images ${verb} as many random real ones by ${size} points.`,
    ];
  });
}
