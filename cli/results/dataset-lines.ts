/**
 * @file What `dataset inspect` says of a data set.
 */
import type { DatasetReport, SplitReport } from '../../datasets/inspect.js';
import { printable } from '../terminal/escape.js';
import { formatValue } from '../terminal/format.js';

/** More classes than these are counted together. */
const mostClassesListed = 20;

/** One line for each fact; names that strangers chose are made harmless. */
export function datasetLines(report: DatasetReport): string[] {
  const { shape, train, test, classNames, published } = report;
  const list = (values: readonly number[]): string => values.map(formatValue).join(', ');
  const drawn = report.heldOut ? ' (held out, as there is no test set)' : '';
  return [
    `format  ${report.format}`,
    `images  ${shape.channels}x${shape.height}x${shape.width}, ${train.count} for training, ${test.count} for testing${drawn}`,
    `mean    ${list(report.mean)}`,
    `std     ${list(report.std)}`,
    ...(published === undefined
      ? []
      : [`used    mean ${list(published.mean)}, std ${list(published.std)}, as published`]),
    `labels  ${classNames.length} classes`,
    ...classLines(classNames, train, test),
    `digest  sha256 ${report.digest}`,
  ];
}

function classLines(classNames: readonly string[], train: SplitReport, test: SplitReport): string[] {
  if (classNames.length > mostClassesListed) {
    const span = ({ perClass }: SplitReport): string => {
      const [fewest, most] = [Math.min, Math.max].map((of) => perClass.reduce((a, b) => of(a, b)));
      return fewest === most ? String(fewest) : `${fewest} to ${most}`;
    };
    return [`        of each ${span(train)} for training, ${span(test)} for testing`];
  }
  const names = classNames.map((name, label) =>
    name === String(label) ? name : `${label} ${printable(name)}`,
  );
  const width = Math.max(...names.map((name) => name.length));
  return names.map(
    (name, label) =>
      `        ${name.padEnd(width)}  ${train.perClass[label] ?? 0} training, ${test.perClass[label] ?? 0} test`,
  );
}
