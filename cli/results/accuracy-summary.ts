/**
 * @file What came out of a run, in a table and a sentence.
 */
import { methodName } from '../../definition/method-names.js';
import type { DistillStage, EvaluateStage, Plan, SelectStage } from '../../definition/plan.js';
import { isLate } from '../../definition/settings.js';
import type { EvaluationRow, PipelineResult } from '../../definition/stages.js';
import { printable } from '../terminal/escape.js';
import { formatAccuracyStd } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';

/** What one evaluation found, its stage, and the stage whose images it was of. */
interface Evaluated {
  readonly rows: readonly EvaluationRow[];
  readonly stage: EvaluateStage | undefined;
  readonly source: DistillStage | SelectStage | undefined;
  /** ` of dm`, where several stages have made the distilled images of a run; else empty. */
  readonly ofWhich: string;
}

/** The evaluations of a run, one after the other. */
function evaluations({ stages }: PipelineResult, plan: Plan | undefined): Evaluated[] {
  const found = Object.entries(stages).flatMap(([id, output]) =>
    output.type === 'evaluate' ? [{ rows: output.rows, ...stagesOf(id, plan) }] : [],
  );
  const makers = new Set(
    found.flatMap(({ rows, stage }) =>
      rows.some(({ trainedOn: set }) => set === 'distilled') ? [stage?.with.dataset.stage] : [],
    ),
  );
  return found.map((one) => {
    const maker = makers.size > 1 ? one.stage?.with.dataset.stage : undefined;
    return { ...one, ofWhich: maker === undefined ? '' : ` of ${printable(maker)}` };
  });
}

/** Every evaluation after the same experts shows what they reached; once is enough. */
function withoutRepeatedWholes(evaluated: readonly Evaluated[]): Evaluated[] {
  const last = new Map<string, EvaluationRow>();
  for (const row of evaluated.flatMap(({ rows }) => rows))
    if (row.trainedOn === 'full') last.set(row.architecture, row);
  return evaluated.map(({ rows, ...stages }) => ({
    rows: rows.filter((row) => row.trainedOn !== 'full' || last.get(row.architecture) === row),
    ...stages,
  }));
}

function stagesOf(id: string, plan: Plan | undefined): Pick<Evaluated, 'stage' | 'source'> {
  const found = plan?.stages.find((candidate) => candidate.id === id);
  const stage = found?.uses === 'evaluate' ? found : undefined;
  const source = plan?.stages.find((candidate) => candidate.id === stage?.with.dataset.stage);
  return { stage, source: source?.uses === 'distill' || source?.uses === 'select' ? source : undefined };
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
  const evaluated = withoutRepeatedWholes(evaluations(result, plan));
  const rows = evaluated.flatMap((evaluation) => evaluation.rows);
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
    evaluated.flatMap(({ rows: own, ...stages }) =>
      own.map((row) => [
        trainedOn(row, stages, plan),
        printable(row.architecture),
        formatAccuracyStd(row.mean, row.std),
        ...(whole ? [shareOfWhole(row, rows)] : []),
        String(row.accuracies.length),
      ]),
    ),
    terminal,
  );
  const sentences = evaluated.flatMap(differences).map((sentence) => terminal.colours.bold(sentence));
  return [...table, ...(sentences.length > 0 ? ['', ...sentences] : [])];
}

/** Beside what the same architecture reaches on the whole training set, where that is known. */
function shareOfWhole(row: EvaluationRow, rows: readonly EvaluationRow[]): string {
  const full = rows.find(
    ({ trainedOn: set, architecture }) => set === 'full' && architecture === row.architecture,
  );
  return full === undefined || full.mean === 0 ? '' : `${((100 * row.mean) / full.mean).toFixed(0)} %`;
}

function trainedOn(
  { trainedOn: set, source: by }: EvaluationRow,
  { stage, source, ofWhich }: Omit<Evaluated, 'rows'>,
  plan: Plan | undefined,
): string {
  const ipc = source && !isLate(source, 'ipc') ? source.with.ipc : undefined;
  const perClass = ipc === undefined ? '' : `, ${ipc} per class`;
  switch (set) {
    case 'distilled':
      return `distilled images${ofWhich}${perClass}`;
    case 'selected':
      return `real images${source === undefined ? '' : ` by ${methodName(source)}`}${perClass}`;
    case 'random':
      return `random real images${perClass}`;
    case 'full': {
      const limit = plan?.dataset.limit;
      const images =
        limit === undefined ? 'the whole training set' : `all ${limit.toLocaleString('en')} training images`;
      // Few epochs are not all that the images can give, so how many there were is said.
      if (by === 'training')
        return `${images}${stage?.with.full ? `, ${stage.with.full.epochs} epochs` : ''}`;
      const epochs = plan?.stages.find((other) => other.uses === 'train-experts')?.with.epochs;
      return epochs === undefined ? images : `${images}, ${epochs} epochs (experts)`;
    }
  }
}

/** `ConvNet: distilled images beat as many random real ones by 22.3 points.` */
function differences({ rows, ofWhich }: Evaluated): string[] {
  return rows.flatMap((row) => {
    if (row.trainedOn !== 'distilled' && row.trainedOn !== 'selected') return [];
    const { architecture } = row;
    const random = rows.find((other) => other.trainedOn === 'random' && other.architecture === architecture);
    if (random === undefined) return [];
    const points = (row.mean - random.mean) * 100;
    const size = Math.abs(points).toFixed(1);
    const which = row.trainedOn === 'distilled' ? ofWhich : '';
    const images = `${printable(architecture)}: the ${row.trainedOn} images${which}`;
    if (size === '0.0') return [`${images} are level with as many random real ones.`];
    return [`${images} ${points > 0 ? 'beat' : 'fall behind'} as many random real ones by ${size} points.`];
  });
}
