/**
 * @file `distillery flatten`: a definition with what it includes, without any server.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples } from '../command-context.js';

export function flattenCommand(context: CommandContext): Command {
  return commandWithExamples('flatten', 'Print a definition with the files that it includes.', [
    { command: 'distillery flatten my.yaml > whole.yaml', meaning: 'for `temporal workflow start`' },
  ])
    .argument('<file>', 'definition')
    .action(async (file: string) => {
      const { flattenDefinition } = await import('../definition-file.js');
      context.out.write(await flattenDefinition(file));
    });
}
