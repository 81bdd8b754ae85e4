/**
 * @file The outcome of a whole experiment in words.
 */
import { formatBytes } from '../../cli/terminal/format.js';
import type { ExperimentResult, ExperimentSettings } from './experiment.js';
import { formatSeconds, verdict } from './table.js';

const timeTarget = 0.6;
const memoryTarget = 0.5;

export function experimentText(settings: ExperimentSettings): string {
  const { images, width, experts, epochs, ipc, synSteps, expertEpochs, iterations } = settings;
  return (
    `Fashion-MNIST ${images} images, W${width}, ${experts} experts x ${epochs} epochs, ipc ${ipc}, N=${synSteps}, ` +
    `M=${expertEpochs}, ${iterations} iterations, ${settings.networks} networks x ${settings.evaluationEpochs} epochs`
  );
}

export function experimentLines(
  ours: ExperimentResult,
  torch: (ExperimentResult & { readonly stages?: Readonly<Record<string, number>> }) | undefined,
): string[] {
  const line = (name: string, { seconds, peakBytes }: ExperimentResult): string =>
    `${name.padEnd(10)}${formatSeconds(seconds).padStart(9)}  ${peakBytes === undefined ? '' : formatBytes(peakBytes)}`;
  if (torch === undefined) return [line('ours', ours)];
  const time = ours.seconds / torch.seconds;
  const memory = (ours.peakBytes ?? NaN) / (torch.peakBytes ?? NaN);
  const stages = Object.entries(torch.stages ?? {}).map(
    ([name, seconds]) => `${name} ${formatSeconds(seconds)}`,
  );
  return [
    line('ours', ours),
    `${line('PyTorch', torch)}${stages.length > 0 ? ` (${stages.join(', ')})` : ''}`,
    `time ${time.toFixed(2)} (${verdict(time, timeTarget)})` +
      (Number.isFinite(memory)
        ? `, memory of the compute process ${memory.toFixed(2)} (${verdict(memory, memoryTarget)})`
        : ''),
  ];
}
