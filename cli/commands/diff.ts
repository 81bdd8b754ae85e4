/**
 * @file `distillery diff`: what another version of a definition would compute again, and why.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import {
  givenParameters,
  parameterFileOption,
  parameterOption,
  type ParameterOptions,
} from '../parameters.js';
import { stagesOf, stagesOption, type StagesOptions } from '../stages-option.js';
import { printable } from '../terminal/escape.js';

interface DiffOptions extends ParameterOptions, StagesOptions {
  readonly json?: true;
}

const help = `
Each side is a definition in a file or the workflow id of a run. Stages count
as the same when they are the same work: same settings, data, network and seed,
and the same results before them. Data sets are compared by name.

Exit codes: 0 nothing would be computed again, 1 something would, 2 a mistake.`;

export function diffCommand(context: CommandContext): Command {
  return commandWithExamples('diff', 'Show what a change of a definition would compute again, and why.', [
    { command: 'distillery diff old.yaml new.yaml', meaning: 'two versions' },
    { command: 'distillery diff fmnist my.yaml', meaning: 'since the run fmnist' },
    { command: 'distillery diff my.yaml my.yaml -p ipc=10', meaning: 'what a parameter changes' },
  ])
    .addHelpText('after', help)
    .argument('<before>', 'definition or workflow id')
    .argument('<after>', 'definition or workflow id')
    .addOption(parameterOption('set a parameter of <after>, a file (repeatable)'))
    .addOption(parameterFileOption())
    .addOption(stagesOption())
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, options: DiffOptions) => {
      const { planSource } = await import('../plans/plan-source.js');
      const { planDifference } = await import('../plans/plan-difference.js');
      const { differenceLines } = await import('../plans/difference-lines.js');
      const { out } = context;
      const types = await stagesOf(options, context);
      const [old, current] = [
        await planSource(context, before, {}, types),
        await planSource(context, after, await givenParameters(options), types),
      ];
      const difference = await planDifference(old, current);
      if (difference.stages.some(({ kind }) => kind !== 'same')) process.exitCode = exitCodes.different;
      if (options.json) {
        printJson(out, {
          before: { name: before, kind: old.kind },
          after: { name: after, kind: current.kind },
          ...difference,
        });
        return;
      }
      out.line(out.colours.bold(`${printable(before)} → ${printable(after)}`));
      out.line();
      for (const line of differenceLines(difference, out)) out.line(line);
    });
}
