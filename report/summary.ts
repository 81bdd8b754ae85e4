/**
 * @file The result in one sentence.
 */
import { comparisons, wholeEpochs, type Comparison, type Findings } from './findings.js';
import { counted, integer, percent, percentWithStd, points } from './numbers.js';

/**
 * For example: "10 images trained a ConvNet to 71.2 % ± 0.8 on the test set: 21.0 points more than 10 random
 * real images, 86 % of what 7 epochs on all 20,000 give." Says less where stages are missing. The epochs are
 * said because experts may be trained for so few of them that more would give more.
 */
export function summarise(findings: Findings): string {
  const { distilled, selected, experts } = findings;
  const own = comparisons(findings).find((entry) => entry.distilled !== undefined);
  if (distilled && own?.distilled) {
    const { mean, std, accuracies } = own.distilled;
    const result = `${counted(distilled.images, 'image')} trained ${withArticle(own.architecture)} to ${percentWithStd(mean, std, accuracies.length)} on the test set`;
    const against = comparedWith(own, distilled.images, findings);
    return against === '' ? `${result}.` : `${result}: ${against}.`;
  }
  const best = selected && comparisons(findings).find((entry) => entry.selected !== undefined);
  if (selected && best?.selected) {
    const { mean, std, accuracies } = best.selected;
    const result = `${counted(selected.output.count, 'real image')} selected by ${selected.config.method.name} trained ${withArticle(best.architecture)} to ${percentWithStd(mean, std, accuracies.length)} on the test set`;
    const against = comparedWith(best, selected.output.count, findings);
    return against === '' ? `${result}.` : `${result}: ${against}.`;
  }
  if (distilled) {
    const { output, images } = distilled;
    const candidate = output.candidates.find(({ iteration }) => iteration === output.iteration);
    const chosen = candidate
      ? `: ${percent(candidate.accuracy)} on the held-out images, not evaluated on the test set`
      : '';
    return `${counted(images, 'image')} distilled from ${integer(findings.trainingImages)} in ${counted(output.iteration, 'iteration')}${chosen}.`;
  }
  if (experts) {
    const { count, accuracy, std } = experts.output;
    return `${counted(count, 'expert')} reached ${percentWithStd(accuracy, std, count)} on the test set after ${counted(experts.config.epochs, 'epoch')} on ${counted(findings.trainingImages, 'image')}.`;
  }
  return 'No stage of this pipeline has a result to show yet.';
}

function comparedWith(
  { distilled, selected, random, full }: Comparison,
  images: number,
  findings: Findings,
): string {
  const parts: string[] = [];
  const own = distilled ?? selected;
  if (own && random) {
    const difference = own.mean - random.mean;
    const size = points(difference);
    const others = `${integer(images)} random real images`;
    parts.push(
      size === '0.0'
        ? `as much as ${others}`
        : `${size} points ${difference < 0 ? 'less' : 'more'} than ${others}`,
    );
  }
  if (own && full && full.mean > 0) {
    const count = wholeEpochs(findings, full);
    const epochs = count === undefined ? '' : `${counted(count, 'epoch')} on `;
    const share = percent(own.mean / full.mean, 0);
    parts.push(`${share} of what ${epochs}all ${integer(findings.trainingImages)} give`);
  }
  return parts.join(', ');
}

/** `an AlexNet`, `an MLP`, `a ConvNet`. */
function withArticle(architecture: string): string {
  return `${/^([AEIO]|MLP)/i.test(architecture) ? 'an' : 'a'} ${architecture}`;
}
