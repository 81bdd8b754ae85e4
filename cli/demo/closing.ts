/**
 * @file What the demo says at its end.
 */
import type { Plan } from '../../definition/plan.js';
import type { PipelineResult } from '../../definition/stages.js';
import { accuracyLines } from '../results/accuracy-summary.js';
import { startLines } from '../results/start-line.js';
import { printable } from '../terminal/escape.js';
import { formatDuration } from '../terminal/format.js';
import type { Terminal } from '../terminal/terminal.js';

export interface Closing {
  readonly result: PipelineResult;
  readonly plan: Plan;
  /** Path of the report that was downloaded. */
  readonly report: string | undefined;
  readonly workflowId: string;
  /** The definition, as a user would name it. */
  readonly file: string;
  readonly address: string;
  readonly namespace: string;
  /** Address of the Temporal UI. */
  readonly ui: string | undefined;
  /** Whether the servers go on after the demo. */
  readonly staysUp: boolean;
  readonly seconds: number;
  readonly terminal: Pick<Terminal, 'columns' | 'colours'>;
}

export function closingLines(closing: Closing): string[] {
  const { result, plan, report, terminal, seconds } = closing;
  const { reused } = result;
  return [
    '',
    ...accuracyLines(result, plan, terminal),
    '',
    ...(report === undefined ? [] : [`Report      ${printable(report)}`]),
    ...uiLines(closing),
    `Total time  ${formatDuration(seconds)}`,
    ...(reused.length === 0
      ? []
      : [`Reused      ${printable(reused.join(', '))} (--fresh computes them again)`]),
    '',
    'The same, started by the Temporal CLI while `distillery up` runs:',
    ...startLines(closing).map((line) => `  ${line}`),
  ];
}

function uiLines({ ui, namespace, workflowId, staysUp }: Closing): string[] {
  if (ui === undefined) return [];
  const address = `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return [
    `Temporal    ${address}`,
    ...(staysUp ? [] : ['            (the server is stopped now; `distillery up` brings it back)']),
  ];
}
