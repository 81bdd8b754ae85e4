/**
 * @file Runs one command line and says how it ended.
 */
import { type Command, CommanderError } from 'commander';

import { DistilleryError } from '../errors/errors.js';
import type { CommandContext } from './command-context.js';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.js';
import { printableLines } from './terminal/escape.js';

/**
 * Parses and runs. Errors meant for users are printed as their message; anything else is a fault of ours
 * and comes with its stack.
 *
 * @param words the command line after `distillery`
 */
export async function runCommand(
  program: Command,
  words: readonly string[],
  context: Pick<CommandContext, 'err' | 'environment'>,
): Promise<ExitCode> {
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return commanderEnd(error, context);
    const { red } = context.err.colours;
    if (error instanceof DistilleryError) {
      context.err.line(`${red('error:')} ${printableLines(error.message)}`);
    } else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      context.err.line(`${red('unexpected error:')} ${printableLines(text)}`);
    }
    return exitCodeOf(error);
  }
}

function commanderEnd(error: CommanderError, { err }: Pick<CommandContext, 'err'>): ExitCode {
  // Help and version end by an exception too; help that nobody asked for is a mistake.
  if (error.exitCode === 0) return exitCodes.ok;
  if (error.code !== 'commander.help')
    err.line(printableLines(error.message).replace(/^error:/, err.colours.red('error:')));
  return exitCodes.usage;
}
