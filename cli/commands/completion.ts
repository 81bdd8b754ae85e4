/**
 * @file `distillery completion`: what makes a shell complete the command.
 */
import { Argument, type Command } from 'commander';

import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';

export function completionCommand(context: CommandContext): Command {
  const command = commandWithExamples('completion', 'Print what makes a shell complete distillery.', [
    { command: 'distillery completion fish | source', meaning: 'in ~/.config/fish/config.fish' },
    { command: 'source <(distillery completion bash)', meaning: 'in ~/.bashrc' },
    { command: 'source <(distillery completion zsh)', meaning: 'in ~/.zshrc, after compinit' },
  ]);
  return command
    .addArgument(
      new Argument('<shell>', 'which shell; runs are the ids that its script asks for').choices([
        'bash',
        'zsh',
        'fish',
        'runs',
      ]),
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish' | 'runs') => {
      if (shell === 'runs') {
        const { runIds } = await import('../completion/run-ids.js');
        for (const id of await runIds(serversOf(context))) context.out.line(id);
        return;
      }
      const { completedCommands } = await import('../completion/words.js');
      const { bashCompletion } = await import('../completion/bash.js');
      const { zshCompletion } = await import('../completion/zsh.js');
      const { fishCompletion } = await import('../completion/fish.js');
      const script = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
      context.out.write(script(completedCommands(command.parent ?? command)));
    });
}
