/**
 * @file `distillery plan`: what a definition would do. Needs no server; asks the store, where there is one, what is
 * there already.
 */
import type { Command } from 'commander';

import { importSourceText } from '../../definition/imports.js';
import { shownSettings } from '../../definition/settings.js';
import type { Plan } from '../../definition/plan.js';
import type { PlanSummary, StageSummary } from '../../definition/index.js';
import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import type { EstimateSettings } from '../estimate.js';
import {
  givenParameters,
  parameterFileOption,
  parameterOption,
  type ParameterOptions,
} from '../parameters.js';
import {
  lookIntoStore,
  type Looked,
  type PlanStore,
  storeJson,
  storeLines,
  storeWord,
} from '../plans/plan-store.js';
import { stagesOf, stagesOption, type StagesOptions } from '../stages-option.js';
import { printable, printableLines } from '../terminal/escape.js';
import { formatBytes } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import { wrapped } from '../terminal/width.js';
import { bytes, wholeNumber } from '../whole-number.js';
import { estimateHelp, estimateLines } from './plan-estimate.js';
import { groupsOf, type PlannedGroup, sumEstimates, sumSummaries } from './plan-groups.js';

interface PlanOptions extends EstimateSettings, ParameterOptions, StagesOptions {
  readonly store: boolean;
  readonly json?: true;
}

const notAsked: PlanStore = { unknown: 'The store was not asked what is there already.' };

export function planCommand(context: CommandContext): Command {
  return commandWithExamples('plan', 'Show what a definition would do.', [
    { command: 'distillery plan pipelines/fashion-mnist-quickstart.yaml', meaning: 'as a table' },
    { command: 'distillery plan my.yaml --param ipc=10', meaning: 'with another value of a parameter' },
    { command: 'distillery plan my.yaml --workers 4', meaning: 'the time that four machines take' },
    { command: 'distillery plan my.yaml --json', meaning: 'the resolved plan with every default' },
  ])
    .addHelpText('after', estimateHelp)
    .argument('<file>', 'definition')
    .addOption(parameterOption())
    .addOption(parameterFileOption())
    .addOption(stagesOption())
    .option('--slots <count>', 'compute processes that share this machine (default: 1)', wholeNumber)
    .option('--workers <count>', 'machines or GPUs like this one (default: 1)', wholeNumber)
    .option('--memory-limit <size>', 'of each slot, such as 8GiB (default: 90 % / slots)', bytes)
    .option('--no-store', 'do not ask the store what is there already')
    .option('--json', 'print JSON')
    .action(async (file: string, options: PlanOptions) => {
      const { loadDefinition } = await import('../definition-file.js');
      const { describePlan } = await import('../../definition/index.js');
      const params = await givenParameters(options);
      const types = await stagesOf(options, context);
      const compiled = await loadDefinition(file, params, types);
      const looked: Looked = options.store
        ? await lookIntoStore(context, compiled, (known) => loadDefinition(file, params, types, known))
        : { look: notAsked, definition: compiled };
      const { look, dataset } = looked;
      const { plan, warnings } = looked.definition;
      // Late settings are known where the store has what they are made of.
      const seen =
        'stored' in look ? { ...plan, stages: look.stored.stages.map(({ stage }) => stage) } : plan;
      const summary = describePlan(seen, dataset);
      const { estimateHere } = await import('../estimate.js');
      const estimate = estimateHere(seen, context, { ...options, ...(dataset && { dataset }) });
      if (options.json) {
        printJson(context.out, { plan, summary, ...estimate, ...storeJson(look), warnings });
        return;
      }
      const groups = groupsOf(seen);
      const summaries = new Map(summary.stages.map((stage) => [stage.id, stage]));
      const estimates = new Map(estimate.estimate?.stages.map((stage) => [stage.id, stage]));
      const stages = groups.flatMap((group) => sumSummaries(group, summaries));
      const estimated = estimate.estimate && {
        estimate: {
          ...estimate.estimate,
          stages: groups.flatMap((group) => sumEstimates(group, estimates)),
        },
      };
      for (const line of [...headLines(summary), ...importLines(plan)]) context.out.line(line);
      context.out.line();
      for (const line of stageTable(stages, look, context)) context.out.line(line);
      for (const line of [...lateLines(stages), ...storeLines(look)])
        for (const part of wrapped(line, context.out.columns)) context.out.line(part);
      context.out.line();
      for (const line of estimateLines({ ...estimate, ...estimated }, context)) context.out.line(line);
      context.out.line();
      for (const line of settingLines(groups, context)) context.out.line(line);
      for (const warning of warnings)
        context.err.line(`${context.err.colours.yellow('warning:')} ${printableLines(warning)}`);
    });
}

function headLines({ name, seed, params, dataset, network }: PlanSummary): string[] {
  const images = [
    count(dataset.train, 'for training'),
    dataset.holdout > 0 ? `${grouped(dataset.holdout)} held out` : undefined,
    count(dataset.test, 'for testing'),
  ].filter((words) => words !== undefined);
  const classes = count(dataset.classes, 'classes');
  const given = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  return [
    `${printable(name)}, seed ${seed}${given.length > 0 ? `, ${printable(given.join(' '))}` : ''}`,
    `data     ${printable(dataset.source)}${classes === undefined ? '' : `, ${classes}`}`,
    `images   ${images.join(', ')}`,
    `network  ${printable(network.text)}${network.parameters === undefined ? '' : ` (${grouped(network.parameters)} parameters)`}`,
  ];
}

/** `experts  from fmnist/experts, not computed`. */
function importLines({ imports = [] }: Plan): string[] {
  const width = Math.max(7, ...imports.map(({ id }) => id.length));
  return imports.map(
    ({ id, from }) =>
      `${printable(id).padEnd(width)}  from ${printable(importSourceText(from))}, not computed`,
  );
}

function stageTable(stages: readonly StageSummary[], look: PlanStore, { out }: CommandContext): string[] {
  const known = 'stored' in look;
  return tableLines(
    [
      { title: 'STAGE' },
      { title: 'TYPE' },
      { title: 'NEEDS', flexible: true },
      { title: 'UNITS', align: 'right' },
      { title: 'AT ONCE', align: 'right' },
      { title: 'SGD STEPS', align: 'right' },
      { title: 'STORED', align: 'right' },
      ...(known ? [{ title: 'STORE' }] : []),
    ],
    stages.map((stage) => [
      printable(stage.id),
      stage.uses,
      printable(stage.needs.join(', ')) || '-',
      units(stage),
      stage.parallel === undefined ? '?' : String(stage.parallel),
      stage.sgdSteps === undefined ? '-' : grouped(stage.sgdSteps),
      stage.storedBytes === undefined ? '-' : formatBytes(stage.storedBytes),
      ...(known ? [storeWord(look, stage.id)] : []),
    ]),
    out,
  );
}

/** `How much work refine is will be known once evaluate has finished.` */
function lateLines(stages: readonly StageSummary[]): string[] {
  return stages.flatMap(({ id, knownAfter = [] }) => {
    if (knownAfter.length === 0) return [];
    const verb = knownAfter.length === 1 ? 'has' : 'have';
    return [
      `How much work ${printable(id)} is will be known once ${printable(knownAfter.join(' and '))} ${verb} finished.`,
    ];
  });
}

function units({ units: amount, unitName }: StageSummary): string {
  if (amount === undefined) return `? ${unitName}`;
  return `${grouped(amount)} ${amount === 1 ? unitName.replace(/s$/, '') : unitName}`;
}

/** Hyper-parameters of each stage, as the definition calls them; of a matrix with the values of all cells. */
function settingLines(groups: readonly PlannedGroup[], { out }: CommandContext): string[] {
  return groups.flatMap(({ title, stages }) => {
    const settings = [
      ...settingsOf(stages.map((stage) => new Map(flatten(shownSettings(stage))))),
      ...conditionsOf(stages),
    ];
    if (settings.length === 0) return [];
    return wrapWords(`${printable(title)}:`, settings.map(printable), out.columns);
  });
}

/** `(if stages.evaluate.accuracy < 0.6)`, `(2 are skipped)`. */
function conditionsOf(stages: PlannedGroup['stages']): string[] {
  const skipped = stages.filter(({ when }) => when === false).length;
  const [open] = stages.flatMap(({ when }) => (when === undefined || when === false ? [] : [when.condition]));
  return [
    ...(open === undefined ? [] : [`(if ${open})`]),
    ...(skipped === 0 ? [] : [`(${skipped} ${skipped === 1 ? 'is' : 'are'} skipped)`]),
  ];
}

/** So many values of a setting are shown. */
const shownValues = 6;

/** `ipc=1|5|10`. */
function settingsOf(cells: readonly ReadonlyMap<string, string>[]): string[] {
  const names = [...new Set(cells.flatMap((cell) => [...cell.keys()]))];
  return names.map((name) => {
    const values = [...new Set(cells.map((cell) => cell.get(name) ?? '-'))];
    const more = values.length > shownValues ? '|…' : '';
    return `${name}=${values.slice(0, shownValues).join('|')}${more}`;
  });
}

/** Groups whose settings are known by their own names. */
const plainGroups: ReadonlySet<string> = new Set(['method', 'selection']);

function flatten(value: object, group = ''): [name: string, value: string][] {
  return Object.entries(value).flatMap(([name, item]: [string, unknown]): [string, string][] => {
    const key = `${group}${name}`;
    if (typeof item === 'number') return [[key, shortest(item)]];
    if (typeof item === 'string' || typeof item === 'boolean') return [[key, String(item)]];
    if (Array.isArray(item)) return [[key, item.map(shortName).join('+')]];
    // References to other stages are in the column of needs.
    if (typeof item !== 'object' || item === null || 'output' in item) return [];
    return flatten(item, plainGroups.has(name) ? group : `${key}.`);
  });
}

/** As a definition would say it: `0.01`, `1e-5`, `5000`. */
function shortest(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

function shortName(item: unknown): string {
  if (typeof item === 'object' && item !== null && 'architecture' in item) return String(item.architecture);
  return String(item);
}

function wrapWords(title: string, words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = title;
  for (const word of words) {
    if (line.length + 1 + word.length > columns) {
      lines.push(line);
      line = ' '.repeat(4) + word;
    } else line += ` ${word}`;
  }
  return [...lines, line];
}

function count(value: number | undefined, unit: string): string | undefined {
  return value === undefined ? undefined : `${grouped(value)} ${unit}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}
