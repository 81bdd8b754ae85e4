/**
 * @file `distillery dataset`: looks at data sets and brings them into the store.
 */
import { type Command, InvalidArgumentError } from 'commander';

import type { LoaderSource } from '../../datasets/loader.js';
import type { OpenOptions } from '../../datasets/open.js';
import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { datasetGrid } from '../results/dataset-grid.js';
import { datasetLines } from '../results/dataset-lines.js';
import { printable } from '../terminal/escape.js';
import { wholeNumber } from '../whole-number.js';

export function datasetCommand(context: CommandContext): Command {
  return commandWithExamples('dataset', 'Inspect data sets and import them.', [
    { command: 'distillery dataset inspect PATH', meaning: 'what is in it, no server needed' },
    {
      command: 'distillery dataset import PATH --name my-data',
      meaning: 'for `dataset: { source: my-data }`',
    },
  ])
    .addCommand(importCommand(context))
    .addCommand(inspectCommand(context));
}

interface SourceOptions {
  format?: string;
  size?: number;
  subset?: string;
  testFraction?: number;
  seed?: number;
  classes?: readonly string[];
  loader?: string;
}

function withSourceOptions(command: Command): Command {
  return command
    .argument('<path>', 'folder, archive or file with the data set, or s3://bucket/prefix')
    .option('--loader <file>', 'module whose loader of the name <path> brings it')
    .option('--format <name>', 'its format, when looking does not find it')
    .option('--size <pixels>', 'scale the shortest side and crop a square', wholeNumber)
    .option('--subset <name>', 'of ImageNet: imagenette, imagewoof, ...')
    .option('--test-fraction <share>', 'held out where no test set is (0.1)', share)
    .option('--seed <number>', 'what draws the images held out (1)', wholeNumber)
    .option('--classes <names>', 'in the order of their labels', commaSeparated);
}

function openOptions({ classes, ...options }: SourceOptions, environment: NodeJS.ProcessEnv): OpenOptions {
  const { format, size, subset, testFraction, seed } = options;
  return { format, size, subset, testFraction, seed, classNames: classes, environment };
}

/** The path; or the loader of that name in a module of the user's own. */
async function sourceOf(place: string, { loader }: SourceOptions): Promise<string | LoaderSource> {
  if (loader === undefined) return place;
  const { loadLoaderModules } = await import('../../custom/loader-modules.js');
  const loaders = await loadLoaderModules([loader], undefined);
  const load = Object.hasOwn(loaders, place) ? loaders[place] : undefined;
  if (load !== undefined) return { label: `the loader of ${place}`, load };
  const { DistilleryError } = await import('../../errors/errors.js');
  const names = Object.keys(loaders).join(', ') || 'none';
  throw new DistilleryError('InvalidDataset', `${loader} has no loader of "${place}"; it has ${names}.`);
}

interface ImportOptions extends SourceOptions {
  name?: string;
  flip: boolean;
}

function importCommand(context: CommandContext): Command {
  const command = commandWithExamples('import', 'Check a data set and bring it into the store.', [
    {
      command: 'distillery dataset import DIR --name digits --no-flip',
      meaning: 'mirrored digits are others',
    },
    {
      command: 'distillery dataset import ILSVRC --name nette --subset imagenette --size 128',
      meaning: 'ten classes of ImageNet, 128 x 128',
    },
  ]);
  return withSourceOptions(command)
    .option('-n, --name <name>', 'what definitions call it (of a loader: default its own)')
    .option('--no-flip', 'mirrored images do not keep their class')
    .action(async (place: string, { name: given, flip, ...source }: ImportOptions) => {
      const name = given ?? (source.loader === undefined ? undefined : place);
      if (name === undefined)
        throw new InvalidArgumentError("Say what definitions call it: '--name my-data'.");
      const { openStore } = await import('../../artifacts/s3-store.js');
      const { importDataset } = await import('../../datasets/import.js');
      const environment = serversOf(context);
      const store = await openStore({ ...environment }, { createBucket: true, patienceMs: 60_000 });
      const { manifest, format, heldOut } = await importDataset(store, await sourceOf(place, source), {
        ...openOptions(source, environment),
        name,
        // Left open, the data set's own knowledge decides.
        ...(flip ? {} : { flip: false }),
      });
      const { shape, train, test } = manifest;
      const drawn = heldOut ? ' (held out, as it has no test set)' : '';
      context.out.line(
        `${printable(manifest.name)}: ${format}, ${train.count} training and ${test.count} test images${drawn} of ` +
          `${shape.channels}x${shape.height}x${shape.width}, ${manifest.classes} classes, in ${printable(store.location)}.`,
      );
    });
}

interface InspectOptions extends SourceOptions {
  grid?: string;
  json?: true;
}

function inspectCommand(context: CommandContext): Command {
  const command = commandWithExamples('inspect', 'Show what is in a data set. Needs no server.', [
    { command: 'distillery dataset inspect PATH', meaning: 'format, shape, counts, mean, std' },
    { command: 'distillery dataset inspect PATH --grid samples.png', meaning: 'and how it looks' },
  ]);
  return withSourceOptions(command)
    .option('--grid <file>', 'write a PNG with images of every class')
    .option('--json', 'print JSON')
    .action(async (place: string, { grid, json, ...source }: InspectOptions) => {
      const { inspectDataset } = await import('../../datasets/inspect.js');
      const perClass = grid === undefined ? 0 : 10;
      const report = await inspectDataset(
        await sourceOf(place, source),
        openOptions(source, serversOf(context)),
        perClass,
      );
      if (grid !== undefined) {
        const { writeFile } = await import('node:fs/promises');
        await writeFile(grid, await datasetGrid(report));
      }
      if (json) {
        printJson(context.out, { ...report, samples: undefined });
        return;
      }
      for (const line of datasetLines(report)) context.out.line(line);
      if (grid !== undefined) context.out.line(`grid    ${printable(grid)}`);
    });
}

function commaSeparated(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return value;
}
