/**
 * @file The start from a bare checkout: what it installs and when, and what it says where it cannot work.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, test } from 'node:test';
import { packageRoot } from '../../setup/package-root.js';

let checkout = '';
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'distillery-checkout-'));
  cpSync(join(packageRoot(), 'scripts'), join(checkout, 'scripts'), { recursive: true });
  cpSync(join(packageRoot(), 'bin'), join(checkout, 'bin'), { recursive: true });
  writeLock('1.0.0');
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const optional = { 'node_modules/only-elsewhere': { version: '1.0.0', optional: true } };

function writeLock(version: string): void {
  const packages = { '': {}, 'node_modules/thing': { version }, ...optional };
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ packages }));
}

/** Ensures the packages with an npm that only writes down that it was called. */
function ensurePackages(exit = 0) {
  const npm = join(checkout, 'npm-cli.js');
  const calls = join(checkout, 'calls');
  writeFileSync(
    npm,
    `require('fs').appendFileSync(${JSON.stringify(calls)}, process.argv[2] + '\\n'); process.exit(${exit});`,
  );
  const module = pathToFileURL(join(checkout, 'scripts', 'steps', 'packages.mjs')).href;
  const program = `import(${JSON.stringify(module)}).then((m) => m.ensurePackages()).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });`;
  const result = spawnSync(process.execPath, ['-e', program], {
    env: { ...process.env, npm_execpath: npm },
    encoding: 'utf8',
  });
  const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { ...result, calls: called };
}

test('packages are installed when they are missing or the lock file changes, else not', () => {
  assert.deepEqual(ensurePackages().calls, ['ci']);
  assert.deepEqual(ensurePackages().calls, ['ci'], 'nothing to do the second time');
  writeLock('2.0.0');
  assert.deepEqual(ensurePackages().calls, ['ci', 'ci']);
});

test("a user's own install of the locked versions is accepted", () => {
  mkdirSync(join(checkout, 'node_modules'));
  const installed = join(checkout, 'node_modules', '.package-lock.json');
  writeFileSync(installed, JSON.stringify({ packages: { 'node_modules/thing': { version: '1.0.0' } } }));
  assert.deepEqual(ensurePackages().calls, []);
  writeLock('2.0.0');
  assert.deepEqual(ensurePackages().calls, ['ci'], 'another version is not');
});

test('a failed install is told with the remedy, and tried again next time', () => {
  const failed = ensurePackages(1);
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /npm could not install the packages.*npm config get registry/);
  assert.deepEqual(ensurePackages().calls, ['ci', 'ci']);
});

test('systems that cannot work are named with what to use instead', async () => {
  const { requirePlatform } = (await import(
    pathToFileURL(join(checkout, 'scripts', 'steps', 'platform.mjs')).href
  )) as { requirePlatform: (platform?: string, musl?: boolean) => void };
  assert.throws(() => requirePlatform('linux', true), /glibc.*node:22-bookworm-slim/);
  assert.throws(() => requirePlatform('win32', false), /WSL/);
  requirePlatform('darwin', false);
  requirePlatform();
});

test('a wrong command is a usage error; the command of an unbuilt checkout says what to run', () => {
  const wrong = spawnSync(process.execPath, [join(checkout, 'scripts', 'bootstrap.mjs'), 'dance'], {
    encoding: 'utf8',
  });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /usage: .*setup\|demo\|test/);
  const unbuilt = spawnSync(process.execPath, [join(checkout, 'bin', 'distillery.mjs')], {
    encoding: 'utf8',
  });
  assert.equal(unbuilt.status, 1);
  assert.match(unbuilt.stderr, /npm run setup/);
});
