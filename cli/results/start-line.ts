/**
 * @file The `temporal` command that starts the same run, to be copied into a shell.
 */

export interface StartLine {
  readonly file: string;
  readonly workflowId: string;
  readonly address: string;
  readonly namespace: string;
}

/** Lines of a POSIX shell command, joined by backslashes. */
export function startLines({ file, workflowId, address, namespace }: StartLine): string[] {
  const where = [
    ...(address === '127.0.0.1:7233' || address === 'localhost:7233' ? [] : ['--address', quoted(address)]),
    ...(namespace === 'default' ? [] : ['--namespace', quoted(namespace)]),
  ];
  const parts = [
    ['temporal workflow start --type pipeline --task-queue distillery', ...where].join(' '),
    `--workflow-id ${quoted(workflowId)}`,
    `--input-file ${quoted(file)}`,
    '--input-meta encoding=binary/plain',
  ];
  return parts.map(
    (part, index) => `${index === 0 ? '' : '  '}${part}${index < parts.length - 1 ? ' \\' : ''}`,
  );
}

function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
