/**
 * @file `distillery init`: writes a definition to begin with.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { type Command, InvalidArgumentError, Option } from 'commander';

import { DistilleryError } from '../../errors/errors.js';
import { packageRoot } from '../../setup/package-root.js';
import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import {
  type ChosenDataset,
  type Choices,
  type Method,
  methods,
  type Network,
  networks,
  type Size,
  sizes,
} from '../init/choices.js';
import { Questions, NoAnswer } from '../init/questions.js';
import { printable } from '../terminal/escape.js';
import { wholeNumber } from '../whole-number.js';

interface InitOptions {
  readonly dataset?: string;
  readonly ipc?: number;
  readonly method?: Method;
  readonly size?: Size;
  readonly network?: Network;
  readonly output?: string;
  readonly force?: true;
  readonly yes?: true;
}

const defaults = { dataset: 'fashion-mnist', ipc: 1, output: 'pipeline.yaml' };

export function initCommand(context: CommandContext): Command {
  return commandWithExamples('init', 'Write a definition to begin with; asks what it is not told.', [
    { command: 'distillery init', meaning: 'asks four questions' },
    { command: 'distillery init --yes', meaning: 'asks nothing: a small run of fashion-mnist' },
    {
      command: 'distillery init --dataset ~/photos --ipc 10 --output photos.yaml',
      meaning: 'looks at the data',
    },
  ])
    .addHelpText('after', '\nWhat is asked is also an option; without a terminal nothing is asked.')
    .option('--dataset <name-or-path>', 'of a data set, or where one lies (fashion-mnist)')
    .option('--ipc <count>', 'synthetic images per class (1)', imagesPerClass)
    .addOption(new Option('--method <name>', 'how they are made (mtt)').choices(Object.keys(methods)))
    .addOption(new Option('--size <name>', 'how much work it may be (small)').choices(Object.keys(sizes)))
    .addOption(new Option('--network <name>', 'what is trained on them (ConvNet)').choices([...networks]))
    .option('-o, --output <file>', `where to write it (${defaults.output})`)
    .option('--force', 'write over a file that is there')
    .option('-y, --yes', 'ask nothing, take the defaults')
    .action(async (options: InitOptions) => {
      const asks = options.yes !== true && process.stdin.isTTY && context.err.interactive;
      const questions = asks ? new Questions(context.err) : undefined;
      try {
        await init(context, options, questions);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        context.err.line('\nNothing was written.');
        process.exitCode = exitCodes.interrupted;
      } finally {
        questions?.close();
      }
    });
}

async function init(
  context: CommandContext,
  options: InitOptions,
  questions: Questions | undefined,
): Promise<void> {
  const { definitionText } = await import('../init/template.js');
  const { compile } = await import('../../definition/index.js');
  const dataset = await datasetOf(options, context, questions);
  const method = options.method ?? (await questions?.choice('How are the images made?', methods)) ?? 'mtt';
  const ipc = options.ipc ?? (await askIpc(questions));
  const size = options.size ?? (await questions?.choice('How much work may it be?', sizes)) ?? 'small';
  const output =
    options.output ??
    (await questions?.text('Where is it written?', defaults.output, (file) =>
      existsSync(file) && !options.force ? `${file} is there already; name another.` : undefined,
    )) ??
    defaults.output;
  if (existsSync(output) && !options.force) {
    throw new DistilleryError(
      'InvalidDefinition',
      `${output} is there already. Name another file with --output, or write over it with --force.`,
    );
  }
  const network = options.network ?? 'ConvNet';
  const choices: Choices = { name: dataset.source, dataset, method, ipc, size, network };
  const text = definitionText(choices, schemaPath(output));
  // What suits no data set of its kind, such as a network too deep for the images, is said now.
  compile(text, { name: output });
  await write(output, text);
  sayWhatNext(context, output, choices);
}

async function datasetOf(
  { dataset }: InitOptions,
  context: CommandContext,
  questions: Questions | undefined,
): Promise<ChosenDataset> {
  const { chooseDataset } = await import('../init/dataset-choice.js');
  const environment = { ...serversOf(context) };
  if (dataset !== undefined || questions === undefined)
    return chooseDataset(dataset ?? defaults.dataset, environment);
  context.err.line(context.err.colours.bold('Which images?'));
  context.err.line(
    context.err.colours.dim(
      '  fashion-mnist is downloaded; others by the name they were imported under, or a path',
    ),
  );
  for (;;) {
    const answer = await questions.text('  Data set', defaults.dataset);
    try {
      const chosen = await chooseDataset(answer, environment);
      context.err.line();
      return chosen;
    } catch (error) {
      if (!(error instanceof DistilleryError)) throw error;
      context.err.line(context.err.colours.yellow(`  ${printable(error.message)}`));
    }
  }
}

async function askIpc(questions: Questions | undefined): Promise<number> {
  if (questions === undefined) return defaults.ipc;
  const answer = await questions.text('How many images per class? 1, 10 and 50 are usual', '1', (text) =>
    /^[1-9][0-9]{0,3}$/.test(text) ? undefined : 'Give a whole number from 1 to 9999.',
  );
  return Number(answer);
}

function imagesPerClass(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > 10_000) throw new InvalidArgumentError('Give a whole number from 1 to 10000.');
  return count;
}

/** As an editor finds it from where the definition lies. */
function schemaPath(output: string): string {
  const schema = join(packageRoot(), 'pipelines', 'pipeline.schema.json');
  const path = relative(dirname(resolve(output)), schema)
    .split(sep)
    .join('/');
  const climbs = path.split('/').filter((part) => part === '..').length;
  // From far away the path from the root says more.
  if (climbs > 3) return schema.split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(resolve(file)), { recursive: true });
    await writeFile(file, text);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new DistilleryError('InvalidDefinition', `Cannot write ${file}: ${String(code)}.`, { cause });
  }
}

function sayWhatNext({ out, err }: CommandContext, output: string, { dataset, method, ipc }: Choices): void {
  const { source, importFrom } = dataset;
  const file = printable(output);
  out.line(file);
  err.line(
    `Written: ${printable(source)} in ${ipc} ${ipc === 1 ? 'image' : 'images'} per class, by ${method}. Next:`,
  );
  const steps = [
    ...(source === defaults.dataset
      ? []
      : [
          [
            `distillery dataset import ${printable(importFrom ?? 'PATH')} --name ${source}`,
            'once, into the store',
          ],
        ]),
    [`distillery plan ${file}`, 'what it would do'],
    ['distillery up', 'servers and workers, in another terminal'],
    [`distillery run ${file}`, 'start it and follow it'],
  ] as const;
  const width = Math.max(...steps.map(([command = '']) => command.length));
  for (const [command = '', meaning = ''] of steps)
    err.line(`  ${command.padEnd(width)}  ${err.colours.dim(meaning)}`);
}
