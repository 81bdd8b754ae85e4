/**
 * @file `distillery plan`: what a definition would do, without any server.
 */
import type { Command } from 'commander';

import type { PlannedStage } from '../../definition/plan.js';
import type { PlanSummary, StageSummary } from '../../definition/index.js';
import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import type { EstimateSettings } from '../estimate.js';
import {
  givenParameters,
  parameterFileOption,
  parameterOption,
  type ParameterOptions,
} from '../parameters.js';
import { stagesOf, stagesOption, type StagesOptions } from '../stages-option.js';
import { printable, printableLines } from '../terminal/escape.js';
import { formatBytes } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import { bytes, wholeNumber } from '../whole-number.js';
import { estimateHelp, estimateLines } from './plan-estimate.js';

interface PlanOptions extends EstimateSettings, ParameterOptions, StagesOptions {
  readonly json?: true;
}

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
    .option('--json', 'print JSON')
    .action(async (file: string, options: PlanOptions) => {
      const { loadDefinition } = await import('../definition-file.js');
      const { describePlan } = await import('../../definition/index.js');
      const params = await givenParameters(options);
      const types = await stagesOf(options, context);
      const { plan, warnings } = await loadDefinition(file, params, types);
      const summary = describePlan(plan);
      const { estimateHere } = await import('../estimate.js');
      const estimate = estimateHere(plan, context, options);
      if (options.json) {
        printJson(context.out, { plan, summary, ...estimate, warnings });
        return;
      }
      for (const line of headLines(summary)) context.out.line(line);
      context.out.line();
      for (const line of stageTable(summary, context)) context.out.line(line);
      context.out.line();
      for (const line of estimateLines(estimate, context)) context.out.line(line);
      context.out.line();
      for (const line of settingLines(plan.stages, context)) context.out.line(line);
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

function stageTable(summary: PlanSummary, { out }: CommandContext): string[] {
  return tableLines(
    [
      { title: 'STAGE' },
      { title: 'TYPE' },
      { title: 'NEEDS', flexible: true },
      { title: 'UNITS', align: 'right' },
      { title: 'AT ONCE', align: 'right' },
      { title: 'SGD STEPS', align: 'right' },
      { title: 'STORED', align: 'right' },
    ],
    summary.stages.map((stage) => [
      printable(stage.id),
      stage.uses,
      printable(stage.needs.join(', ')) || '-',
      units(stage),
      String(stage.parallel),
      stage.sgdSteps === undefined ? '-' : grouped(stage.sgdSteps),
      stage.storedBytes === undefined ? '-' : formatBytes(stage.storedBytes),
    ]),
    out,
  );
}

function units({ units: amount, unitName }: StageSummary): string {
  return `${grouped(amount)} ${amount === 1 ? unitName.replace(/s$/, '') : unitName}`;
}

/** Hyper-parameters of each stage, as the definition calls them. */
function settingLines(stages: readonly PlannedStage[], { out }: CommandContext): string[] {
  return stages.flatMap((stage) => {
    const settings = flatten(stage.with);
    if (settings.length === 0) return [];
    return wrapWords(`${printable(stage.id)}:`, settings.map(printable), out.columns);
  });
}

/** Groups whose settings are known by their own names. */
const plainGroups: ReadonlySet<string> = new Set(['method', 'selection']);

function flatten(value: object, group = ''): string[] {
  return Object.entries(value).flatMap(([name, item]: [string, unknown]) => {
    const key = `${group}${name}`;
    if (typeof item === 'number') return [`${key}=${shortest(item)}`];
    if (typeof item === 'string' || typeof item === 'boolean') return [`${key}=${item}`];
    if (Array.isArray(item)) return [`${key}=${item.map(shortName).join('+')}`];
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
