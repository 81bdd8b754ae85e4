/**
 * @file How well networks do that never saw anything but the distilled images.
 */
import type { Bar } from '../charts/bar.js';
import { barChart } from '../charts/bar.js';
import type { EvaluationRow } from '../../definition/stages.js';
import {
  comparisons,
  wholeEpochs,
  type Comparison,
  type EvaluationFindings,
  type Findings,
} from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { counted, integer, percent, percentTick, percentWithStd, significant } from '../numbers.js';

const names: Readonly<Record<EvaluationRow['trainedOn'], string>> = {
  distilled: 'Distilled',
  selected: 'Selected real',
  random: 'Random real',
  full: 'Whole set',
};

export function accuracySection(findings: Findings): Markup | undefined {
  const { evaluation } = findings;
  if (!evaluation) return undefined;
  const groups = comparisons(findings);
  const several = groups.length > 1;
  const rows = groups.flatMap((group) => [
    ...(several
      ? [markup`<tr class="group"><th colspan="5" scope="rowgroup">${group.architecture}</th></tr>`]
      : []),
    ...rowsOf(group).map((row) => tableRow(row, group, findings)),
  ]);
  return markup`<section id="accuracy"><h2>Test accuracy</h2>
<p class="lead">${protocol(evaluation, findings)}</p>
<div class="columns"><figure class="plot">${chart(groups)}<figcaption>Mean over fresh networks; the error bar is one standard deviation to either side.</figcaption></figure>
<div class="scroll"><table><thead><tr><th>Trained on</th><th class="number">Images</th><th class="number">Test accuracy</th><th class="number">Networks</th><th class="number">Of whole</th></tr></thead><tbody>${rows}</tbody></table></div></div></section>`;
}

function rowsOf({ distilled, selected, random, full }: Comparison): EvaluationRow[] {
  return [distilled, selected, random, full].filter((row) => row !== undefined);
}

function chart(groups: readonly Comparison[]): Markup {
  const bar = (row: EvaluationRow): Bar => ({
    label: names[row.trainedOn],
    value: row.mean,
    std: row.std,
    text: percentWithStd(row.mean, row.std, row.accuracies.length),
    role: row.trainedOn,
  });
  const shown = groups.map((group) => ({ label: group.architecture, bars: rowsOf(group).map(bar) }));
  const describe = shown
    .flatMap((group) => group.bars.map((entry) => `${group.label}, ${entry.label}: ${entry.text}`))
    .join('; ');
  return barChart({
    name: 'Test accuracy by training set',
    describe,
    label: 'test accuracy',
    format: percentTick,
    groups: shown,
  });
}

function tableRow(row: EvaluationRow, { full }: Comparison, findings: Findings): Markup {
  const images =
    row.trainedOn === 'full'
      ? findings.trainingImages
      : (findings.distilled?.images ?? findings.selected?.output.count);
  const share = full && full.mean > 0 ? percent(row.mean / full.mean, 0) : '';
  const single = row.accuracies.map((accuracy) => percent(accuracy)).join(', ');
  return markup`<tr${row.trainedOn === 'distilled' || row.trainedOn === 'selected' ? markup` class="strong"` : ''}><td><span class="swatch ${row.trainedOn}">${names[row.trainedOn]}</span>${source(row, findings)}</td><td class="number">${images === undefined ? '' : integer(images)}</td><td class="number" title="${single}">${percentWithStd(row.mean, row.std, row.accuracies.length)}</td><td class="number">${row.accuracies.length}</td><td class="number">${share}</td></tr>`;
}

/** Whose accuracy that of the whole set is, and after how long: that tells one such number from another. */
function source(row: EvaluationRow, findings: Findings): Markup | undefined {
  const epochs = wholeEpochs(findings, row);
  if (row.trainedOn !== 'full' || epochs === undefined) return undefined;
  return markup` <small>${row.source === 'training' ? '' : 'experts, '}${counted(epochs, 'epoch')}</small>`;
}

/** What `lr: learned` stands for: not every method learns a rate. */
function storedRate({ distilled, selected }: Findings): string {
  const method = distilled?.config.method;
  if (method && 'lrTrain' in method) return significant(method.lrTrain);
  return selected ? significant(selected.config.lr) : 'the learned rate';
}

function protocol({ config, output }: EvaluationFindings, findings: Findings): string {
  const rate = config.lr === 'learned' ? storedRate(findings) : significant(config.lr);
  const random = output.rows.some((row) => row.trainedOn === 'random')
    ? ` The random baseline is as many real images, trained alike with learning rate ${significant(config.baselineLr)}.`
    : '';
  const whole = output.rows.filter((row) => row.trainedOn === 'full');
  const byExperts = whole.some(({ source: by }) => by === undefined);
  const experts =
    byExperts && findings.experts
      ? ` The whole set is what the experts reached on ${counted(findings.trainingImages, 'image')} in ${counted(findings.experts.config.epochs, 'epoch')}.`
      : '';
  const trained =
    config.full && whole.some(({ source: by }) => by === 'training')
      ? ` ${byExperts ? 'For the other networks the whole set is' : 'The whole set is'} what ${counted(config.full.runs, 'network')} reached on ${counted(findings.trainingImages, 'image')} in ${counted(config.full.epochs, 'epoch')} (SGD at ${significant(config.full.lr)}, momentum ${significant(config.full.momentum)}, weight decay ${significant(config.full.weightDecay)}).`
      : '';
  const images = findings.selected
    ? `real images selected by ${findings.selected.config.method.name}`
    : 'distilled images';
  return `Freshly initialised networks were trained on the ${images} alone for ${counted(config.epochs, 'epoch')} (SGD at ${rate}, momentum ${significant(config.momentum)}, weight decay ${significant(config.weightDecay)}) and tested once on ${counted(findings.dataset.test.count, 'image')} by which nothing was trained or chosen.${random}${experts}${trained}`;
}
