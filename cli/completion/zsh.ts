/**
 * @file Completion for zsh, with descriptions.
 */
import type { CompletedCommand, CompletedOption } from './words.js';

/** A script to be sourced, or to be kept as \`_distillery\` in a folder of \`fpath\`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef distillery
# Completion of distillery for zsh: source <(distillery completion zsh)
_distillery_run_ids() {
  local -a runs=(\${(f)"$(distillery completion runs 2>/dev/null)"})
  compadd -a runs
}
${commands.map(functionOf).join('\n')}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then
  _distillery "$@"
else
  compdef _distillery distillery
fi
`;
}

function functionOf({ path, options, commands, takesFiles, takesRuns }: CompletedCommand): string {
  const specs = options.map(optionSpec);
  if (commands.length === 0) {
    const rest = takesRuns ? `'*: :_distillery_run_ids'` : takesFiles ? `'*:file:_files'` : `'*: :'`;
    return `${nameOf(path)}() {\n  _arguments -s \\\n    ${[...specs, rest].join(' \\\n    ')}\n}`;
  }
  const described = commands.map(({ name, description }) => quoted(`${name}:${plain(description)}`));
  const cases = commands.map(({ name }) => `        ${name}) ${nameOf([...path, name])} ;;`);
  return `${nameOf(path)}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -s -C \\
    ${[...specs, `'1: :->command'`, `'*:: :->rest'`].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(${described.join(' ')})
      _describe command commands ;;
    rest)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}`;
}

function optionSpec({ names, description, value }: CompletedOption): string {
  const action =
    value === 'none'
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'text'
          ? ': :'
          : `: :(${value.join(' ')})`;
  const text = `[${plain(description).replaceAll(/[[\]]/g, '\\$&')}]${action}`;
  // The braces are expanded by the shell, so they stay outside of the quotes.
  const group = names.length > 1 ? `{${names.join(',')}}` : (names[0] ?? '');
  return `${names.length > 1 ? quoted(`(${names.join(' ')})`) : ''}${group}${quoted(text)}`;
}

function nameOf(path: readonly string[]): string {
  return ['_distillery', ...path].join('_').replaceAll('-', '_');
}

/** A colon separates what is offered from what it means. */
function plain(text: string): string {
  return text.replaceAll(':', ' -').replaceAll('`', '');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
