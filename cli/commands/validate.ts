/**
 * @file `distillery validate`: checks definitions without any server.
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
import { printable, printableLines } from '../terminal/escape.js';

interface Verdict {
  readonly file: string;
  readonly valid: boolean;
  readonly issues: readonly object[];
  readonly warnings: readonly string[];
}

export function validateCommand(context: CommandContext): Command {
  return commandWithExamples('validate', 'Check definitions, with line and column.', [
    { command: 'distillery validate pipelines/*.yaml', meaning: 'exit code 2 when one is wrong' },
    { command: 'distillery validate my.yaml --json', meaning: 'issues for an editor or a check in CI' },
  ])
    .argument('<files...>', 'definitions')
    .addOption(parameterOption())
    .addOption(parameterFileOption())
    .addOption(stagesOption())
    .option('--json', 'print JSON')
    .action(async (files: string[], options: ParameterOptions & StagesOptions & { json?: true }) => {
      const { loadDefinition } = await import('../definition-file.js');
      const { DefinitionError } = await import('../../definition/index.js');
      const { out, err } = context;
      const params = await givenParameters(options);
      const types = await stagesOf(options, context);
      const verdicts: Verdict[] = [];
      for (const file of files) {
        try {
          const { warnings, plan } = await loadDefinition(file, params, types);
          verdicts.push({ file, valid: true, issues: [], warnings });
          if (options.json) continue;
          for (const warning of warnings)
            err.line(`${err.colours.yellow('warning:')} ${printableLines(warning)}`);
          const stages = plan.stages.map((stage) => printable(stage.id)).join(', ');
          out.line(`${out.colours.green('✓')} ${printable(file)}: ${printable(plan.name)} (${stages})`);
        } catch (error) {
          if (!(error instanceof DefinitionError)) throw error;
          verdicts.push({ file, valid: false, issues: error.issues, warnings: [] });
          if (!options.json) err.line(`${err.colours.red('✗')} ${printableLines(error.message)}`);
        }
      }
      if (options.json) printJson(out, verdicts);
      if (verdicts.some(({ valid }) => !valid)) process.exitCode = exitCodes.usage;
    });
}
