/**
 * @file Results in one line, for status answers and the Temporal UI.
 */
import type {
  CustomOutput,
  EvaluationRow,
  PipelineStatus,
  StageOutput,
  StageStatus,
} from '../definition/stages.js';
import { stateWords } from './matrix-status.js';

/** Failed cells of a matrix that are shown. */
const shownCells = 10;

/** For example `100 experts, test accuracy 88.1 ± 0.2 %`. */
export function summarise(output: StageOutput): string {
  switch (output.type) {
    case 'train-experts':
      return `${output.count} experts, test accuracy ${percent(output.accuracy, output.std)}`;
    case 'distill': {
      const chosen = output.candidates.find((candidate) => candidate.iteration === output.iteration);
      const accuracy =
        chosen === undefined ? '' : `, held-out accuracy ${percent(chosen.accuracy, chosen.std)}`;
      return `iteration ${output.iteration} of ${output.iterations}${accuracy}`;
    }
    case 'select':
      return `${output.count} real images by ${output.method}`;
    case 'evaluate':
      return output.rows
        .map(
          (row) => `${row.architecture} on ${row.trainedOn} ${percent(row.mean, row.std)}${shareOfFull(row)}`,
        )
        .join('; ');
    case 'report':
      return output.report.key;
    case 'custom':
      return customWords(output);
  }
}

function shareOfFull({ ofFull }: EvaluationRow): string {
  return ofFull === undefined ? '' : ` (${(ofFull * 100).toFixed(0)} % of full)`;
}

/** `contrast 0.31, images 12,345 bytes`; long texts are cut. */
function customWords({ outputs }: CustomOutput): string {
  const words = Object.entries(outputs).map(([name, value]) => {
    if (typeof value === 'number') return `${name} ${Number(value.toPrecision(4))}`;
    if (typeof value === 'object') return `${name} of ${value.bytes} bytes`;
    return `${name} ${typeof value === 'string' && value.length > 40 ? `${value.slice(0, 39)}…` : value}`;
  });
  return words.length === 0 ? 'done' : words.join(', ');
}

function percent(mean: number, std: number): string {
  return `${(mean * 100).toFixed(1)} ± ${(std * 100).toFixed(1)} %`;
}

/** Markdown for the details panel of a pipeline in the Temporal UI. */
export function pipelineDetails(status: PipelineStatus): string {
  const row = (stage: StageStatus) =>
    `| ${stage.id} | ${stage.state} | ${progressOf(stage)} | ${cell(remarkOf(stage))} |`;
  // A matrix is one row, beside those of its cells that have failed.
  const cells = (of: string) =>
    status.stages.filter(({ matrix, state }) => matrix?.of === of && state === 'failed');
  const matrices = (status.matrices ?? []).flatMap((matrix) => [
    `| ${matrix.id} | ${stateWords(matrix)} | ${matrix.cells} cells | |`,
    ...cells(matrix.id).slice(0, shownCells).map(row),
  ]);
  const rows = [...status.stages.filter(({ matrix }) => matrix === undefined).map(row), ...matrices];
  return [
    `**${status.name}**: ${status.state}`,
    '',
    '| stage | state | progress | |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Markdown for the details panel of one stage. */
export function stageDetails(status: StageStatus): string {
  const words = [status.state, progressOf(status), ...budgetWords(status)];
  return `**${status.id}** (${status.type}): ${words.join(', ')}\n\n${remarkOf(status)}`;
}

type Budgets = Pick<StageStatus, 'preemptions' | 'failures' | 'budget' | 'budgetUse'>;

/**
 * How often work was repeated, and how near the end of its budget the worst unit is:
 * `7 failures, 9 preemptions`, `expert 3: 2 of 3 failures, 5 preemptions`. Empty when nothing happened.
 */
export function budgetWords({ budgetUse: use, budget, ...total }: Budgets): string[] {
  const words: string[] = [];
  const alone = use?.failures === total.failures && use.preemptions === total.preemptions;
  if (!alone) words.push(countWords(total).join(', '));
  if (use !== undefined) words.push(`${use.unit}: ${countWords(use, budget).join(', ')}`);
  return words.filter((word) => word !== '');
}

function countWords(
  { failures, preemptions }: Pick<StageStatus, 'failures' | 'preemptions'>,
  budget?: StageStatus['budget'],
): string[] {
  return [
    ...countWord(failures, budget?.failures ?? null, 'failure'),
    ...countWord(preemptions, budget?.preemptions ?? null, 'preemption'),
  ];
}

function countWord(count: number, limit: number | null, word: string): string[] {
  if (count === 0) return [];
  return limit === null
    ? [`${count} ${word}${count === 1 ? '' : 's'}`]
    : [`${count} of ${limit} ${word}${limit === 1 ? '' : 's'}`];
}

function progressOf(stage: StageStatus): string {
  return stage.total === 0 ? '' : `${stage.done} / ${stage.total}`;
}

function remarkOf(stage: StageStatus): string {
  return stage.error ?? stage.summary ?? metricsLine(stage.metrics);
}

function metricsLine(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
