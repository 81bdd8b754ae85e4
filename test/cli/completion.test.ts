/**
 * @file Completion as shells do it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { distilleryIn } from './command.js';

describe('completion', () => {
  const home = mkdtempSync(join(tmpdir(), 'distillery-completion-'));
  const scripts = new Map<string, string>();
  before(async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, out, err } = await distilleryIn(home, ['completion', shell]);
      assert.equal(code, 0, err);
      const file = join(home, shell);
      writeFileSync(file, out);
      scripts.set(shell, file);
    }
  });
  after(() => rmSync(home, { recursive: true }));

  /** What bash offers after these words; whether it may also offer files. */
  function offered(...words: string[]): { words: string[]; files: boolean } {
    return offeredWith('', ...words);
  }

  /** @param before what the shell knows already */
  function offeredWith(before: string, ...words: string[]): { words: string[]; files: boolean } {
    const script = `
      ${before}
      source "$1"; shift
      files=yes
      compopt() { files=no; }
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
      $(complete -p distillery | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
      printf '%s\\n' "$files" "\${COMPREPLY[@]}"`;
    const out = execFileSync(
      'bash',
      ['-c', script, 'bash', scripts.get('bash') ?? '', 'distillery', ...words],
      {
        encoding: 'utf8',
      },
    );
    const [files, ...found] = out.trimEnd().split('\n');
    return { words: found.filter((word) => word !== ''), files: files === 'yes' };
  }

  it('in bash offers commands, options and their values', () => {
    assert.deepEqual(offered('gr'), { words: ['graph'], files: false });
    assert.deepEqual(offered('re').words, ['rerun', 'resume', 'retry']);
    assert.deepEqual(offered('artifacts', ''), { words: ['ls', 'get', 'gc', 'verify'], files: false });
    assert.deepEqual(offered('artifacts', 'ls', '--j').words, ['--json']);
    assert.deepEqual(offered('graph', '--format', ''), { words: ['mermaid', 'svg', 'dot'], files: false });
    assert.deepEqual(offered('init', '--yes', '--method', 'd').words, ['dsa', 'dc', 'dm', 'dd']);
    assert.deepEqual(offered('run', '-p', 'ipc=1', '--det').words, ['--detach']);
  });

  it('in bash asks for ids of runs where one is meant, and is silent without a server', () => {
    const runs = 'distillery() { [[ "$*" == "completion runs" ]] && printf "%s\\n" fmnist sweep-2; }';
    assert.deepEqual(offeredWith(runs, 'status', ''), { words: ['fmnist', 'sweep-2'], files: false });
    assert.deepEqual(offeredWith(runs, 'logs', 'sw').words, ['sweep-2']);
    assert.deepEqual(offeredWith(runs, 'plan', '').words, []);
    assert.deepEqual(offered('status', '').words, []);
  });

  it('prints no id where no server answers', async () => {
    const started = performance.now();
    const { code, out, err } = await distilleryIn(home, ['completion', 'runs']);
    assert.deepEqual([code, out, err], [0, '', '']);
    assert.ok(performance.now() - started < 20_000);
  });

  it('in bash leaves files to the shell where files are meant, and only there', () => {
    assert.deepEqual(offered('validate', ''), { words: [], files: true });
    assert.deepEqual(offered('graph', '--output', ''), { words: [], files: true });
    assert.deepEqual(offered('status', ''), { words: [], files: false });
    assert.deepEqual(offered('run', 'my.yaml', '--workflow-id', ''), { words: [], files: false });
  });

  it('in bash works with the tab key', () => {
    const text = execFileSync(
      'bash',
      ['-c', 'source "$1"; complete -p distillery', 'bash', scripts.get('bash') ?? ''],
      { encoding: 'utf8' },
    );
    assert.match(text, /^complete -o default -F _distillery distillery\n$/);
  });

  for (const shell of ['zsh', 'fish'])
    it(`for ${shell} names every command and is accepted where ${shell} is installed`, async (context) => {
      const { out } = await distilleryIn(home, ['completion', shell]);
      for (const command of ['graph', 'rerun', 'artifacts', 'inspect'])
        assert.ok(out.includes(command), command);
      try {
        execFileSync(shell, ['--version'], { stdio: 'ignore' });
      } catch {
        context.diagnostic(`${shell} is not installed`);
        return;
      }
      execFileSync(shell, ['-n', scripts.get(shell) ?? '']);
    });

  it('of an unknown shell is a mistake', async () => {
    const { code, err } = await distilleryIn(home, ['completion', 'tcsh']);
    assert.equal(code, 2);
    assert.match(err, /bash, zsh, fish/);
  });
});
