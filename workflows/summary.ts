/**
 * @file Results in one line, for status answers and the Temporal UI.
 */
import type { PipelineStatus, StageOutput, StageStatus } from '../definition/stages.js';

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
    case 'evaluate':
      return output.rows
        .map((row) => `${row.architecture} on ${row.trainedOn} ${percent(row.mean, row.std)}`)
        .join('; ');
    case 'report':
      return output.report.key;
  }
}

function percent(mean: number, std: number): string {
  return `${(mean * 100).toFixed(1)} ± ${(std * 100).toFixed(1)} %`;
}

/** Markdown for the details panel of a pipeline in the Temporal UI. */
export function pipelineDetails(status: PipelineStatus): string {
  const rows = status.stages.map(
    (stage) => `| ${stage.id} | ${stage.state} | ${progressOf(stage)} | ${cell(remarkOf(stage))} |`,
  );
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
  const lost = status.preemptions > 0 ? `, ${status.preemptions} preemptions` : '';
  const failed = status.failures > 0 ? `, ${status.failures} failures` : '';
  return `**${status.id}** (${status.type}): ${status.state}, ${progressOf(status)}${lost}${failed}\n\n${remarkOf(status)}`;
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
