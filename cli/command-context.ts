/**
 * @file What every command is given: where to write, and the user's environment.
 */
import { Command } from 'commander';

import { type Environment, clientEnvironment } from './state/client-environment.js';
import type { StateFile } from './state/state-file.js';
import { printableJson } from './terminal/escape.js';
import type { Terminal } from './terminal/terminal.js';

export interface CommandContext {
  /** Results. */
  readonly out: Terminal;
  /** Everything that is not the result: errors, notes. */
  readonly err: Terminal;
  readonly environment: Environment;
  readonly stateFile: StateFile;
}

/** The environment with the servers of a running `distillery up` filled in. */
export function serversOf(context: CommandContext): Environment {
  return clientEnvironment(context.environment, context.stateFile.read());
}

export interface Example {
  readonly command: string;
  readonly meaning: string;
}

/** A subcommand with its examples below the options. */
export function commandWithExamples(
  name: string,
  description: string,
  examples: readonly Example[],
): Command {
  const width = Math.max(...examples.map(({ command }) => command.length));
  const lines = examples.map(({ command, meaning }) =>
    width + meaning.length + 4 <= 80
      ? `  ${command.padEnd(width)}  ${meaning}`
      : `  ${command}\n      ${meaning}`,
  );
  return new Command(name).description(description).addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Prints data for machines. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.line(printableJson(JSON.stringify(value, null, 2)));
}
