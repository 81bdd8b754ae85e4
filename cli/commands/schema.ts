/**
 * @file `distillery schema`: the JSON Schema of definitions, for editors and other checks.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';

export function schemaCommand(context: CommandContext): Command {
  return commandWithExamples('schema', 'Print the JSON Schema of definitions.', [
    { command: 'distillery schema > pipeline.schema.json', meaning: 'for an editor, beside a definition' },
  ])
    .addHelpText(
      'after',
      '\nEditors find it by the first line of a definition:\n  # yaml-language-server: $schema=./pipeline.schema.json',
    )
    .action(async () => {
      const { definitionJsonSchema } = await import('../../definition/index.js');
      printJson(context.out, definitionJsonSchema());
    });
}
