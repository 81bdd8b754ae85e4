/**
 * @file `distillery setup`: provides everything that distillery needs and does not carry.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples } from '../command-context.js';
import { printable } from '../terminal/escape.js';

export function setupCommand(context: CommandContext): Command {
  return commandWithExamples('setup', 'Install everything that is missing.', [
    { command: 'distillery setup', meaning: 'everything, for the CPU' },
    { command: 'distillery setup --cuda', meaning: 'with TensorFlow for NVIDIA GPUs' },
  ])
    .addHelpText(
      'after',
      '\nThat is Temporal, an S3 server, TensorFlow and Fashion-MNIST. It all goes into\n' +
        'DISTILLERY_HOME (default: distillery in your cache folder).\n' +
        'What is there already is used; nothing is installed twice.',
    )
    .option('--cuda', 'TensorFlow with CUDA')
    .action(async (options: { cuda?: true }) => {
      const { setup } = await import('../../setup/index.js');
      await setup({ say: (line) => context.out.line(printable(line)), cuda: options.cuda ?? false });
      context.out.line('Everything is there. Try `distillery demo`.');
    });
}
