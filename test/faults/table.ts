/**
 * @file The report of a campaign in lines for a terminal.
 */
import pico from 'picocolors';
import { tableLines } from '../../cli/terminal/table.js';
import type { CampaignReport, RunRow } from './report.js';

const plain = { columns: 120, colours: pico.createColors(false) };

export function reportLines(report: CampaignReport): string[] {
  const { kinds, runs, damaged, problems } = report;
  const row = (name: string, of: Omit<CampaignReport['kinds'][number], 'kind'>) => [
    name,
    String(of.faults),
    String(of.recovered),
    seconds(of.longestRecoverySeconds),
    seconds(of.repeatedSeconds),
  ];
  const share = (report.repeatedSeconds / Math.max(1, report.computedSeconds)) * 100;
  return [
    ...tableLines(
      [
        { title: 'FAULT' },
        { title: 'DONE', align: 'right' },
        { title: 'RECOVERED', align: 'right' },
        { title: 'LONGEST RECOVERY', align: 'right' },
        { title: 'WORK REPEATED', align: 'right' },
      ],
      [...kinds.map((kind) => row(kind.kind, kind)), row('all', report)],
      plain,
    ),
    '',
    ...tableLines(
      [
        { title: 'RUN' },
        { title: 'SEED', align: 'right' },
        { title: 'SECONDS', align: 'right' },
        { title: 'PREEMPTIONS', align: 'right' },
        { title: 'FAILURES', align: 'right' },
        { title: 'EVENTS', align: 'right' },
        { title: 'RESULT' },
      ],
      [...report.references, ...runs].map((run) => [
        run.id,
        String(run.seed),
        run.seconds.toFixed(0),
        String(run.preemptions),
        String(run.failures),
        String(Object.values(run.events).reduce((total, events) => total + events, 0)),
        run.id.startsWith('reference') ? (run.error ?? 'undisturbed') : resultOf(run),
      ]),
      plain,
    ),
    '',
    `${report.faults} faults in ${(report.seconds / 60).toFixed(1)} minutes (seed ${report.seed}); ` +
      `${seconds(report.repeatedSeconds)} of ${seconds(report.computedSeconds)} of computing was repeated (${share.toFixed(1)} %)`,
    `damaged checkpoints: ${damaged.objects}, of which ${damaged.met} were read and passed over`,
    `damaged results of a finished run: ${report.results.damaged}, of which ${report.results.found} were found`,
    `longest history: ${report.mostEvents} events`,
    ...Object.entries(report.errors).map(([said, times]) => `an activity failed ${times} x: ${said}`),
    ...Object.entries(report.unasked).map(([said, times]) => `a worker ended by itself ${times} x: ${said}`),
    ...(problems.length === 0 ? ['nothing was lost'] : problems.map((problem) => `LOST: ${problem}`)),
  ];
}

function resultOf({ error, differs }: RunRow): string {
  if (error !== undefined) return 'failed';
  return differs.length === 0 ? 'equal' : 'differs';
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
