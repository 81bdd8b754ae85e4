/**
 * @file The examples are explained, and the commands that documents show can be given.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { buildProgram } from '../../cli/program.js';
import { StateFile } from '../../cli/state/state-file.js';
import { terminalOn } from '../../cli/terminal/terminal.js';
import { words } from '../../cli/words.js';
import { packageRoot } from '../../setup/package-root.js';

const root = packageRoot();
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));
const documents = ['README.md', ...filesIn('docs', /\.md$/)];

describe('the examples', () => {
  it('are explained in docs/pipelines.md', () => {
    const guide = read('docs/pipelines.md');
    const files = filesIn('pipelines', /\.(yaml|mjs)$/).filter((file) => !file.includes('/paper/'));
    assert.ok(files.length > 5);
    for (const file of files) assert.ok(guide.includes(basename(file)), `${file} is not explained`);
  });

  it('of the paper say at their top what they are', () => {
    for (const file of filesIn('pipelines/paper', /\.yaml$/)) {
      const [, ...lines] = read(file).split('\n');
      const notes = lines
        .slice(
          0,
          lines.findIndex((line) => line.startsWith('name:')),
        )
        .join(' ');
      assert.ok(notes.replaceAll('#', '').trim().length > 100, `${file} has no notes`);
    }
  });
});

/** Commands of distillery in the shell blocks of a document, a line each, without what the shell does itself. */
function commandsIn(document: string): string[] {
  const blocks = [...read(document).matchAll(/```(?:sh|bash)\n([\s\S]*?)```/g)].map(
    ([, block = '']) => block,
  );
  return blocks
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .flatMap((line) => /^(?:[A-Z_]+=\S+ )*(?:npx )?distillery (.*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/ (?:[<>|&]|2>).*$/, ''));
}

/** The command, of which nothing is done. */
function parser(): Command {
  const silent = terminalOn(process.stderr);
  const stateFile = new StateFile(join(tmpdir(), 'distillery-no-state'));
  const program = buildProgram({ out: silent, err: silent, environment: {}, stateFile }, '0');
  const still = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(still);
  };
  still(program);
  return program;
}

describe('the commands that documents show', () => {
  for (const document of documents) {
    const commands = commandsIn(document);
    if (commands.length === 0) continue;
    it(`can be given: ${document}`, async () => {
      for (const command of commands) {
        const given = words(command);
        await assert.doesNotReject(parser().parseAsync([...given], { from: 'user' }), command);
        for (const word of given.filter((one) => one.startsWith('pipelines/')))
          assert.ok(existsSync(join(root, word)), `${document} names ${word}`);
      }
    });
  }

  it('are found, and a wrong one is noticed', async () => {
    assert.ok(commandsIn('docs/pipelines.md').length > 10);
    await assert.rejects(parser().parseAsync(['run', 'x.yaml', '--parm', 'ipc=1'], { from: 'user' }));
    await assert.rejects(parser().parseAsync(['pause'], { from: 'user' }));
  });
});
