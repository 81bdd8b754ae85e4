/**
 * @file Completion for bash, from version 4 on.
 */
import type { CompletedCommand } from './words.js';

/** A script to be sourced. It starts a process for ids of runs only, so that other tabs cost nothing. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const paths = commands.map(({ path }) => path.join(' ')).filter((path) => path !== '');
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) => {
      if (value === 'none') return [];
      const patterns = names.map((name) => quoted(`${path.join(' ')}|${name}`)).join('|');
      if (value === 'file') return [`    ${patterns}) return ;;`];
      const reply = value === 'text' ? '' : ` ${offer(value)};`;
      return [`    ${patterns}) compopt +o default;${reply} return ;;`];
    }),
  );
  const words = commands.map(({ path, options, commands: below, takesFiles, takesRuns }) => {
    const names = options.flatMap((option) => option.names);
    const next = below.map(({ name }) => name);
    const offered = takesRuns ? `; ${offerRuns}` : next.length > 0 ? `; ${offer(next)}` : '';
    const plain = takesFiles && !takesRuns ? ':' : `compopt +o default${offered}`;
    return `    ${quoted(path.join(' '))}) if [[ $cur == -* ]]; then ${offer(names)}; else ${plain}; fi ;;`;
  });
  return `# Completion of distillery for bash: source <(distillery completion bash)
_distillery() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case $next in
      ${paths.map(quoted).join('|')}) path=$next ;;
    esac
  done
  case "$path|$prev" in
${values.join('\n')}
  esac
  case $path in
${words.join('\n')}
  esac
}
complete -o default -F _distillery distillery
`;
}

/** Words that are expanded here: the command prints none with characters that mean anything to a shell. */
const offerRuns = `COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" completion runs 2>/dev/null)" -- "$cur"))`;

function offer(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur"))`;
}

/** Literally, in any place of a script. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
