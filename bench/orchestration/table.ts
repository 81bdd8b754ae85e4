/**
 * @file What was measured as a table for people.
 */
import { formatBytes } from '../../cli/terminal/format.js';
import type { Column } from '../../cli/terminal/table.js';
import { median } from '../engine/statistics.js';
import type { CheckpointCost } from './checkpoints.js';
import type { HandOver } from './hand-over.js';
import type { ChunkOverhead, HistorySize, ManyStages } from './pretended.js';

export interface Measured {
  readonly overhead: ChunkOverhead;
  readonly checkpoints: readonly CheckpointCost[];
  readonly stages: ManyStages;
  readonly histories: readonly HistorySize[];
  readonly handOvers: readonly HandOver[];
}

export const columns: readonly Column[] = [
  { title: 'WHAT', flexible: true },
  { title: 'MEASURED' },
  { title: 'TARGET' },
];

export function rows({ overhead, checkpoints, stages, histories, handOvers }: Measured): string[][] {
  return [
    [
      `orchestration of a chunk, median of ${overhead.chunks}`,
      `${overhead.milliseconds.toFixed(0)} ms (95 %: ${overhead.percentile95.toFixed(0)} ms)`,
    ],
    ['the same with chunks of 30 s', percent(overhead.percentAt30s), '< 2 %'],
    ...handOverRows('SIGTERM', handOvers, '< 5 s'),
    ...handOverRows('SIGKILL', handOvers, '< 30 s'),
    ...checkpoints.map(({ what, bytes, milliseconds, percent: share }) => [
      `checkpoint of ${formatBytes(bytes)} (${what})`,
      `${milliseconds.toFixed(0)} ms, ${percent(share)} of the time`,
      '<= 2 %',
    ]),
    [
      `${stages.stages} stages started at once`,
      `all begun after ${stages.begunSeconds.toFixed(1)} s, finished after ${stages.finishedSeconds.toFixed(1)} s`,
    ],
    ['  history of their pipeline', `${stages.events} events, ${formatBytes(stages.bytes)}`, '< 4000 events'],
    ...histories.map(({ iterations, chunkIterations, events, bytes }) => [
      `history of ${iterations} iterations in chunks of ${chunkIterations}`,
      `${events} events, ${formatBytes(bytes)}`,
    ]),
  ];
}

function handOverRows(signal: HandOver['signal'], all: readonly HandOver[], target: string): string[][] {
  const these = all.filter((one) => one.signal === signal);
  const of = (value: (one: HandOver) => number) => {
    const values = these.map(value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${median(values).toFixed(1)} s (${least.toFixed(1)}-${most.toFixed(1)} s)`;
  };
  const lost = these.map((one) => one.lostIterations * one.secondsPerIteration);
  return [
    [`after ${signal}, another worker has the work`, of(({ takenSeconds }) => takenSeconds), target],
    ['  and has got further', of(({ computingSeconds }) => computingSeconds)],
    ['  work done again', `${Math.max(...lost).toFixed(1)} s at most`],
  ];
}

function percent(value: number): string {
  return `${value.toFixed(2)} %`;
}
