/**
 * @file The report as one HTML file that asks no server for anything and needs no script.
 */
import { comparisons, titleOf, type Findings } from './findings.js';
import { markup, Markup } from './markup.js';
import { counted, duration, integer, moment, percent, significant } from './numbers.js';
import { accuracySection } from './sections/accuracy.js';
import { customSection } from './sections/custom.js';
import { distillationSection, expertsSection, selectionSection } from './sections/curves.js';
import { imagesSection } from './sections/images.js';
import { methodsSection } from './sections/methods.js';
import { rangesSection } from './sections/ranges.js';
import { reproduceSection } from './sections/reproduce.js';
import { stagesSection } from './sections/stages.js';
import { startEpochsSection } from './sections/start-epochs.js';
import { sweepSection } from './sections/sweep.js';
import { styleSheet } from './style.js';
import { summarise } from './summary.js';

/** Sections whose stages did not run are left out. */
export function renderPage(findings: Findings): string {
  const { input } = findings;
  const title = titleOf(input.plan);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} - distillery report</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<main>
<p class="eyebrow"><b>${title}</b> · ${findings.dataset.name} · ${moment(input.finishedAt)}</p>
<h1>${summarise(findings)}</h1>
${tiles(findings)}
${[
  sweepSection(findings),
  imagesSection(findings),
  accuracySection(findings),
  methodsSection(findings),
  selectionSection(findings),
  distillationSection(findings),
  rangesSection(findings),
  startEpochsSection(findings),
  expertsSection(findings),
  customSection(findings),
  stagesSection(findings),
  reproduceSection(findings),
].map((section) => (section ? markup`${section}\n` : undefined))}
<footer>Made by distillery from workflow ${input.workflowId}. Everything shown is in this file; run.json beside it holds the same for programs.</footer>
</main>
</body>
</html>
`;
  return page.text;
}

interface Tile {
  readonly role?: 'distilled' | 'random' | 'full';
  readonly name: string;
  readonly value: string;
  /** One standard deviation, when there is one. */
  readonly spread?: string;
  readonly more: string;
}

function tiles(findings: Findings): Markup {
  const { input, distilled, experts } = findings;
  const own = comparisons(findings)[0];
  const list: Tile[] = [];
  const accuracy = (role: 'distilled' | 'random' | 'full', name: string, more: string): void => {
    const row = own?.[role];
    if (row)
      list.push({ role, name, value: percent(row.mean), ...spread(row.std, row.accuracies.length), more });
  };
  if (distilled) {
    accuracy('distilled', 'Distilled', `${counted(distilled.images, 'image')}, ${own?.architecture ?? ''}`);
    accuracy('random', 'Random real', counted(distilled.images, 'image'));
  }
  accuracy('full', 'Whole set', counted(findings.trainingImages, 'image'));
  if (!own?.full && experts) {
    const { accuracy: mean, std, count } = experts.output;
    list.push({
      role: 'full',
      name: 'Experts',
      value: percent(mean),
      ...spread(std, count),
      more: counted(count, 'expert'),
    });
  }
  if (distilled && distilled.images > 0) {
    list.push({
      name: 'Smaller by',
      value: `${integer(findings.trainingImages / distilled.images)} ×`,
      more: `${integer(distilled.images)} for ${integer(findings.trainingImages)}`,
    });
    const { method } = distilled.config;
    if ('lrInit' in method)
      list.push({
        name: 'Learned rate',
        value: significant(distilled.output.learnedRate),
        more: `from ${significant(method.lrInit)}`,
      });
  }
  const stages = Object.values(input.stages);
  const seconds = stages.reduce((sum, { manifest }) => sum + (manifest?.seconds ?? 0), 0);
  const cached = stages.filter(({ state }) => state === 'cached').length;
  if (seconds > 0) {
    const more = `${counted(stages.length, 'stage')}${cached > 0 ? `, ${cached} from cache` : ''}`;
    list.push({ name: 'Computing time', value: duration(seconds), more });
  }
  return markup`<dl class="tiles">${list.map(
    ({ role, name, value, spread: std, more }) =>
      markup`<div class="${role ?? 'plain'}"><dt>${name}</dt><dd>${value}${std ? markup` <span>${std}</span>` : ''}<small>${more}</small></dd></div>`,
  )}</dl>`;
}

function spread(std: number, runs: number): { readonly spread?: string } {
  return runs > 1 ? { spread: `± ${(std * 100).toFixed(1)}` } : {};
}
