/**
 * @file What can be typed after `distillery`, read from the commands themselves.
 */
import type { Command, Option } from 'commander';

export interface CompletedOption {
  /** `--format`, `-f`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it: nothing, one of a few words, a file, or something that only the user knows. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
}

export interface CompletedCommand {
  /** Words after `distillery`: empty for itself, `['artifacts', 'ls']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Names of commands that follow. */
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  /** Whether its arguments are files or folders. */
  readonly takesFiles: boolean;
  /** Whether its first argument is the id of a run. */
  readonly takesRuns: boolean;
}

const fileWords = /file|dir|path|<before>|<after>/i;

/** The command and all below it. */
export function completedCommands(command: Command, path: readonly string[] = []): CompletedCommand[] {
  const help = { names: ['--help', '-h'], description: 'show help', value: 'none' } as const;
  const own: CompletedCommand = {
    path,
    description: firstSentence(command.description()),
    options: [...command.options.filter(({ hidden }) => !hidden).map(completedOption), help],
    commands: command.commands.map((sub) => ({
      name: sub.name(),
      description: firstSentence(sub.description()),
    })),
    takesFiles: command.registeredArguments.some((argument) => fileWords.test(`<${argument.name()}>`)),
    takesRuns: command.registeredArguments[0]?.description.startsWith('workflow id') ?? false,
  };
  return [own, ...command.commands.flatMap((sub) => completedCommands(sub, [...path, sub.name()]))];
}

function completedOption(option: Option): CompletedOption {
  const { long, short, flags, description, argChoices, required, optional } = option;
  const takesValue = required || optional;
  return {
    names: [long, short].filter((name) => typeof name === 'string'),
    description: firstSentence(description),
    value: !takesValue
      ? 'none'
      : (argChoices ?? (fileWords.test(flags.replace(/^.*</, '<')) ? 'file' : 'text')),
  };
}

function firstSentence(text: string): string {
  return text.split('\n')[0]?.replace(/\.$/, '') ?? '';
}
