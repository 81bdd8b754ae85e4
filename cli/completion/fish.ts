/**
 * @file Completion for fish, with descriptions.
 */
import type { CompletedCommand, CompletedOption } from './words.js';

/** A script to be sourced, or to be kept in `~/.config/fish/completions/distillery.fish`. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const paths = commands.map(({ path }) => path.join(' ')).filter((path) => path !== '');
  const lines = commands.flatMap(({ path, options, commands: below, takesFiles, takesRuns }) => {
    const here = `complete -c distillery -n ${quoted(`__distillery_at ${quoted(path.join(' '))}`)}`;
    return [
      ...(takesFiles && !takesRuns ? [] : [`${here} -f`]),
      ...(takesRuns ? [`${here} -a '(distillery completion runs 2>/dev/null)'`] : []),
      ...below.map(({ name, description }) => `${here} -a ${quoted(name)} -d ${quoted(description)}`),
      ...options.map((option) => `${here} ${optionWords(option)}`),
    ];
  });
  return `# Completion of distillery for fish: distillery completion fish | source
function __distillery_at
    set -l known ${paths.map(quoted).join(' ')}
    set -l at ''
    for word in (commandline -opc)[2..]
        set -l next (string trim "$at $word")
        contains -- $next $known; and set at $next
    end
    test "$at" = "$argv[1]"
end
complete -c distillery -e
${lines.join('\n')}
`;
}

function optionWords({ names, description, value }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const argument =
    value === 'none'
      ? ''
      : value === 'file'
        ? ' -r -F'
        : value === 'text'
          ? ' -x'
          : ` -x -a ${quoted(value.join(' '))}`;
  return `${flags.join(' ')}${argument} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", `\\'`)}'`;
}
