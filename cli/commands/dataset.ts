/**
 * @file `distillery dataset`: looks at data sets on disk and brings them into the store.
 */
import type { Command } from 'commander';

import type { LabelledImages } from '../../datasets/dataset.js';
import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';
import { formatValue } from '../terminal/format.js';

export function datasetCommand(context: CommandContext): Command {
  return commandWithExamples('dataset', 'Inspect data sets and import them.', [
    { command: 'distillery dataset inspect DIR', meaning: 'what is in a folder, no server needed' },
    {
      command: 'distillery dataset import DIR --name my-data',
      meaning: 'for `dataset: { source: my-data }`',
    },
  ])
    .addCommand(importCommand(context))
    .addCommand(inspectCommand(context));
}

interface ImportOptions {
  name: string;
  classes?: readonly string[];
  flip: boolean;
}

function importCommand(context: CommandContext): Command {
  return commandWithExamples('import', 'Check a data set and bring it into the store.', [
    {
      command: 'distillery dataset import DIR --name digits --no-flip',
      meaning: 'mirrored digits are others',
    },
    {
      command: 'distillery dataset import DIR --name pets --classes cat,dog',
      meaning: 'names for the report',
    },
  ])
    .argument('<dir>', 'folder with the files of the data set')
    .requiredOption('-n, --name <name>', 'what definitions call it')
    .option('--classes <names>', 'names of the classes in the order of their labels', commaSeparated)
    .option('--no-flip', 'mirrored images do not keep their class')
    .action(async (directory: string, { name, classes, flip }: ImportOptions) => {
      const { openStore } = await import('../../artifacts/s3-store.js');
      const { importDataset } = await import('../../datasets/import.js');
      const store = await openStore({ ...serversOf(context) }, { createBucket: true, patienceMs: 60_000 });
      const { manifest } = await importDataset(store, directory, {
        name,
        ...(classes === undefined ? {} : { classNames: classes }),
        // Left open, the data set's own knowledge decides.
        ...(flip ? {} : { flip: false }),
      });
      const { shape, train, test } = manifest;
      context.out.line(
        `${printable(manifest.name)}: ${train.count} training and ${test.count} test images of ` +
          `${shape.channels}x${shape.height}x${shape.width}, ${manifest.classes} classes, in ${printable(store.location)}.`,
      );
    });
}

function inspectCommand(context: CommandContext): Command {
  return commandWithExamples('inspect', 'Show what is in a folder with a data set. Needs no server.', [
    { command: 'distillery dataset inspect DIR', meaning: 'shape, counts, mean and std' },
  ])
    .argument('<dir>', 'folder with the files of the data set')
    .option('--json', 'print JSON')
    .action(async (directory: string, options: { json?: true }) => {
      const { loadFolder } = await import('../../datasets/formats.js');
      const { pixelStatistics } = await import('../../datasets/statistics.js');
      const { train, test, classNames } = await loadFolder(directory);
      const perClass = { train: countLabels(train), test: countLabels(test) };
      const found = { shape: train.shape, train: train.count, test: test.count, ...pixelStatistics(train) };
      if (options.json) {
        printJson(context.out, { ...found, perClass, classNames });
        return;
      }
      const { channels, height, width } = train.shape;
      const list = (values: readonly number[]): string => values.map(formatValue).join(', ');
      const { out } = context;
      out.line(
        `images  ${channels}x${height}x${width}, ${train.count} for training, ${test.count} for testing`,
      );
      out.line(`mean    ${list(found.mean)}`);
      out.line(`std     ${list(found.std)}`);
      out.line(
        `labels  ${perClass.train.length} classes, training images of each: ${perClass.train.join(' ')}`,
      );
      if (classNames !== undefined) out.line(`names   ${classNames.map(printable).join(', ')}`);
    });
}

/** Images by label, from 0 to the highest. */
function countLabels({ labels }: LabelledImages): number[] {
  const counts: number[] = [];
  for (const label of labels) {
    if (label < 0) continue;
    while (counts.length <= label) counts.push(0);
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

function commaSeparated(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}
