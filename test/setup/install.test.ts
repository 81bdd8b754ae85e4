/**
 * @file Installs are whole or absent.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureInstall, findInstall } from '../../setup/install.js';

const quiet = (): void => undefined;
let home = '';
before(() => {
  home = mkdtempSync(join(tmpdir(), 'distillery-install-'));
});
after(() => rmSync(home, { recursive: true, force: true }));

function recipe(name: string, content = 'program') {
  let runs = 0;
  return {
    name,
    fill: (folder: string): Promise<void> => {
      runs += 1;
      writeFileSync(join(folder, 'program'), content);
      return Promise.resolve();
    },
    runs: () => runs,
  };
}

test('an install is made once and found afterwards', async () => {
  const tool = recipe('tool-1');
  assert.equal(await findInstall(home, 'tool-1'), undefined);
  const folder = await ensureInstall(home, tool, quiet);
  assert.equal(readFileSync(join(folder, 'program'), 'utf8'), 'program');
  assert.equal(await ensureInstall(home, tool, quiet), folder);
  assert.equal(tool.runs(), 1);
  assert.equal(await findInstall(home, 'tool-1', 'full'), folder);
  assert.deepEqual(readdirSync(join(home, 'partial')), []);
});

test('two that want the same at once install it once', async () => {
  const tool = recipe('tool-2');
  const [first, second] = await Promise.all([
    ensureInstall(home, tool, quiet),
    ensureInstall(home, tool, quiet),
  ]);
  assert.equal(first, second);
  assert.equal(tool.runs(), 1);
});

test('a failed install leaves nothing and says what failed where', async () => {
  const fill = (folder: string): Promise<void> => {
    writeFileSync(join(folder, 'half'), '');
    return Promise.reject(new Error('the link went down'));
  };
  await assert.rejects(ensureInstall(home, { name: 'tool-3', fill }, quiet), {
    name: 'SetupFailed',
    message: /tool-3 in .*: the link went down/,
  });
  assert.equal(await findInstall(home, 'tool-3'), undefined);
  assert.deepEqual(readdirSync(join(home, 'partial')), []);
});

test('a full disk is said to be one', async () => {
  const fill = (): Promise<void> => Promise.reject(Object.assign(new Error('write'), { code: 'ENOSPC' }));
  await assert.rejects(ensureInstall(home, { name: 'tool-4', fill }, quiet), { name: 'NoSpace' });
});

test('damage is found and mended', async () => {
  const tool = recipe('tool-5');
  const folder = await ensureInstall(home, tool, quiet);
  const path = join(folder, 'program');
  writeFileSync(path, 'pro');
  assert.equal(await findInstall(home, 'tool-5'), undefined, 'another size');
  await ensureInstall(home, tool, quiet);
  assert.equal(readFileSync(path, 'utf8'), 'program');
  writeFileSync(path, 'PROGRAM');
  utimesSync(path, new Date(1e12), new Date(1e12));
  assert.equal(await findInstall(home, 'tool-5'), undefined, 'the same size, other bytes');
});

test('a copy with other file times is still known by its digests', async () => {
  const folder = await ensureInstall(home, recipe('tool-6'), quiet);
  utimesSync(join(folder, 'program'), new Date(1e12), new Date(1e12));
  assert.equal(await findInstall(home, 'tool-6'), folder);
});

test('what a killed set-up left is cleared away, and its lock taken over', async () => {
  const program = `
    import { ensureInstall } from ${JSON.stringify(new URL('../../setup/install.js', import.meta.url).href)};
    import { writeFileSync } from 'node:fs';
    await ensureInstall(${JSON.stringify(home)}, {
      name: 'tool-7',
      fill: async (folder) => {
        writeFileSync(folder + '/program', 'half');
        console.log('begun');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
    }, () => {});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(readdirSync(join(home, 'partial')).length, 1);
  const folder = await ensureInstall(home, recipe('tool-7', 'whole'), quiet);
  assert.equal(readFileSync(join(folder, 'program'), 'utf8'), 'whole');
  assert.deepEqual(readdirSync(join(home, 'partial')), []);
  assert.ok(!existsSync(join(home, 'setup.lock')));
});
