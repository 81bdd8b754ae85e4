/**
 * @file Curves: the distillation's loss and learned rate, the choice of the iteration, the experts.
 */
import { captioned } from '../charts/captioned.js';
import { runningMedian, thin } from '../charts/curves.js';
import { lineChart, type Point, type Series } from '../charts/line.js';
import type { DistillMethod, MttConfig } from '../../definition/plan.js';
import type { KernelAccuracy } from '../../definition/stages.js';
import type { DistillFindings, ExpertFindings, Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { counted, integer, percent, percentTick, percentWithStd, significant } from '../numbers.js';

/** Ticks of losses and rates, which span powers of ten. */
const tick = (value: number): string => significant(value, 3);

const shownPoints = 600;
/** Shorter runs are shown as they are. */
const smoothedFrom = 40;

export function distillationSection({ distilled }: Findings): Markup | undefined {
  if (!distilled || distilled.loss.length === 0) return undefined;
  const { config, output, loss, learnedRate } = distilled;
  const { method } = config;
  const iterations = { label: 'iteration', format: integer };
  const mark = { x: output.iteration, label: `chosen: ${integer(output.iteration)}` };
  return markup`<section id="distillation"><h2>The distillation</h2>
<p class="lead">${whatIterationsDo(method)}</p>
<div class="columns">${captioned(
    lineChart({
      name: 'Matching loss by iteration',
      describe: describeEnds(loss, significant),
      x: iterations,
      y: { label: 'matching loss (log)', format: tick, kind: 'log' },
      series: smoothed(loss, 'distilled'),
      mark,
    }),
    loss.length >= smoothedFrom
      ? `Loss of each iteration (faint; ${drawn(method)} are drawn at random) and its running median.`
      : `Loss of each iteration; ${drawn(method)} are drawn at random.`,
  )}${'lrInit' in method ? ratePlot(method) : ''}</div></section>`;

  function ratePlot({ lrInit, lrLr }: Pick<MttConfig, 'lrInit' | 'lrLr'>): Markup {
    return captioned(
      lineChart({
        name: 'Learned rate by iteration',
        describe: describeEnds(learnedRate, significant),
        x: iterations,
        y: { label: 'learned rate α', format: tick, kind: 'linear' },
        series: [{ style: 'main', role: 'distilled', points: thin(learnedRate, shownPoints) }],
        mark,
      }),
      lrLr === 0
        ? `The student's learning rate, kept at ${significant(output.learnedRate)}.`
        : `The student's learning rate, learned with the images: from ${significant(lrInit)} to ${significant(output.learnedRate)}.`,
    );
  }
}

function whatIterationsDo(method: DistillMethod): string {
  switch (method.name) {
    case 'mtt':
      return `Each iteration lets a student take ${counted(method.synSteps, 'step')} on the synthetic images from a point on an expert's trajectory and compares where it arrives with where the expert was ${counted(method.expertEpochs, 'epoch')} later. A loss of 1 means no nearer than at the start, 0 means arrived.`;
    case 'dd':
      return `Each iteration lets a random network take ${counted(method.synSteps, 'step')} on the synthetic images. The loss is its cross-entropy then on up to ${counted(method.batchReal, 'real image')}, and is differentiated through all steps.`;
    case 'kip':
      return `Each iteration lets kernel ridge regression, with the kernel of an infinitely wide network of ${counted(method.depth, 'hidden layer')}, learn from the synthetic images what up to ${counted(method.batchReal, 'real image')} are. The loss is half its squared error on them.`;
    case 'dm':
      return `Each iteration compares, class by class, the mean features of the synthetic images in a random network with those of up to ${counted(method.batchReal, 'real image')}. The loss is the squared distance, summed over the classes.`;
    case 'dc':
    case 'dsa':
      return `Each iteration compares, class by class, the gradients of a network on the synthetic images with those on up to ${counted(method.batchReal, 'real image')}, ${counted(method.outerLoops, 'time')} while the network is trained on the synthetic images. The loss is one minus the cosine, summed over the rows of all layers and over the classes.`;
  }
}

/** What makes the losses of neighbouring iterations differ. */
function drawn({ name }: DistillMethod): string {
  if (name === 'kip') return 'real images';
  return name === 'mtt' ? 'experts and start epochs' : 'networks and real images';
}

export function selectionSection(findings: Findings): Markup | undefined {
  const { distilled } = findings;
  if (!distilled || distilled.output.candidates.length === 0) return undefined;
  const { output, config } = distilled;
  const { candidates, iteration } = output;
  const points = candidates.map((candidate) => ({
    x: candidate.iteration,
    y: candidate.accuracy,
    std: candidate.std,
    title: `iteration ${integer(candidate.iteration)}: ${percentWithStd(candidate.accuracy, candidate.std, config.selection.runs)}`,
  }));
  return markup`<section id="selection" class="columns"><div><h2>Which iteration</h2>
<p class="lead">${counted(candidates.length, 'candidate')} had ${counted(config.selection.runs, 'network')} trained on each, for ${counted(config.selection.epochs, 'epoch')}, and measured on ${counted(findings.input.plan.dataset.holdout, 'held-out training image')}. The best of them, iteration ${integer(iteration)}, is the result. The test set had no say in it.${kernelText(output.kernelAccuracy)}</p></div>
${captioned(
  lineChart({
    name: 'Held-out accuracy of the candidates',
    describe: points.map((point) => point.title).join('; '),
    x: { label: 'iteration', format: integer },
    y: { label: 'held-out accuracy', format: percentTick, kind: 'linear' },
    series: [{ style: 'marked', role: 'distilled', points }],
    mark: { x: iteration, label: `chosen: ${integer(iteration)}` },
  }),
  'Mean over the networks of a candidate; the error bar is one standard deviation to either side.',
)}</section>`;
}

function kernelText({ holdout, test }: KernelAccuracy = {}): string {
  const shares = [
    ...(holdout === undefined ? [] : [`${percent(holdout)} of the held-out images`]),
    ...(test === undefined ? [] : [`${percent(test)} of the test images`]),
  ];
  return shares.length === 0 ? '' : ` Kernel regression on its images gets ${shares.join(' and ')} right.`;
}

export function expertsSection(findings: Findings): Markup | undefined {
  const { experts } = findings;
  if (!experts) return undefined;
  const { output, config } = experts;
  const single = experts.single.map((curve): Series => ({
    style: 'raw',
    role: 'full',
    points: curve.map((accuracy, epoch) => ({ x: epoch, y: accuracy })),
  }));
  const mean = output.accuracyByEpoch.map((accuracy, epoch) => ({
    x: epoch,
    y: accuracy,
    title: `epoch ${epoch}: ${percent(accuracy)}`,
  }));
  return markup`<section id="experts" class="columns"><div><h2>The experts</h2>
<p class="lead">${expertsText(experts, findings.trainingImages)}</p></div>
${captioned(
  lineChart({
    name: 'Test accuracy of the experts by epoch',
    describe: describeEnds(mean, (value) => percent(value)),
    x: { label: 'epoch', format: integer },
    y: { label: 'test accuracy', format: percentTick, kind: 'linear' },
    series: [...single, { style: config.epochs <= 60 ? 'marked' : 'main', role: 'full', points: mean }],
  }),
  single.length > 1 ? 'Mean over the experts; faint, single ones.' : 'Mean over the experts.',
)}</section>`;
}

function expertsText({ output, config }: ExpertFindings, images: number): string {
  return `${counted(output.count, 'network')} trained on ${counted(images, 'real image')} for ${counted(config.epochs, 'epoch')} (SGD at ${significant(config.lr)}, batch ${integer(config.batchSize)}) left the trajectories that the distillation followed. They reach ${percentWithStd(output.accuracy, output.std, output.count)} on the test set.`;
}

function smoothed(points: DistillFindings['loss'], role: Series['role']): Series[] {
  if (points.length < smoothedFrom) return [{ style: 'main', role, points }];
  const window = Math.max(9, Math.round(points.length / 25));
  return [
    { style: 'raw', role, points: thin(points, shownPoints) },
    { style: 'main', role, points: thin(runningMedian(points, window), shownPoints / 2) },
  ];
}

function describeEnds(points: readonly Point[], format: (value: number) => string): string {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? `From ${format(first.y)} at ${first.x} to ${format(last.y)} at ${last.x}` : '';
}
