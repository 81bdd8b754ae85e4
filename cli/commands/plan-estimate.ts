/**
 * @file The estimate of a plan as text: FLOP, memory and time of each stage, and what to change.
 */
import type { CommandContext } from '../command-context.js';
import type { Estimated } from '../estimate.js';
import { printable } from '../terminal/escape.js';
import { formatBytes, formatDateTime, formatDuration } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';

export const estimateHelp = `
Times follow from a calibration of this machine; \`distillery calibrate\` makes
one. They count one compute process with all threads; --workers spreads the
units of a stage over as many like it. Memory is that of one compute process;
--slots of them share the machine's.`;

/** Nothing but a reason when the plan cannot be estimated. */
export function estimateLines(
  { estimate, calibration, memoryLimit }: Estimated,
  { out }: Pick<CommandContext, 'out'>,
): string[] {
  if (estimate === undefined)
    return [
      'No estimate: the size of the data set is known only to the store, or a network or custom images only to its owner.',
    ];
  const { stages, flops, processBytes, seconds } = estimate;
  const limited = stages.some(({ fits }) => fits !== undefined);
  const rows = stages.map((stage) => [
    printable(stage.id),
    stage.knownAfter ? '?' : stage.flops === 0 ? '-' : formatFlops(stage.flops),
    stage.knownAfter ? '?' : stage.processBytes === 0 ? '-' : formatBytes(stage.processBytes),
    stage.fits === undefined ? '-' : stage.fits ? 'fits' : out.colours.red('too much'),
    stage.knownAfter ? '?' : stage.seconds === undefined ? '-' : formatDuration(stage.seconds),
  ]);
  const total = [
    'all',
    formatFlops(flops),
    formatBytes(processBytes),
    '',
    seconds === undefined ? '-' : formatDuration(seconds),
  ];
  return [
    ...tableLines(
      [
        { title: 'STAGE', flexible: true },
        { title: 'FLOP', align: 'right' },
        { title: 'MEMORY', align: 'right' },
        { title: limited ? `OF ${formatBytes(memoryLimit)}` : 'FITS', align: 'right' },
        { title: 'TIME', align: 'right' },
      ],
      [...rows, total],
      out,
    ),
    ...(stages.some(({ knownAfter }) => knownAfter !== undefined)
      ? ['Stages whose work is not known yet are not counted.']
      : []),
    ...stages.flatMap(({ id, advice }) =>
      advice === undefined
        ? []
        : [`${out.colours.yellow(`${printable(id)}:`)} needs too much memory; ${advice}.`],
    ),
    calibration === undefined
      ? 'Times are not known: run `distillery calibrate` once on this machine.'
      : `Times by the calibration of ${formatDateTime(new Date(calibration.measuredAt))} ` +
        `(${printable(calibration.engine.name)}, ${calibration.engine.threads} threads); not yet computed stages only.`,
  ];
}

/** `3.21 TFLOP`. */
export function formatFlops(flops: number): string {
  let value = flops;
  for (const unit of ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']) {
    if (value < 999.5 || unit === 'PFLOP') return `${value.toPrecision(3)} ${unit}`;
    value /= 1000;
  }
  return `${flops} FLOP`;
}
