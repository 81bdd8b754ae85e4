/**
 * @file Where the cache folder is.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { distilleryHome, prepareHome } from '../../setup/home.js';

test('the cache folder follows the environment and the system', () => {
  const HOME = '/home/me';
  assert.equal(distilleryHome({ HOME }, 'linux'), '/home/me/.cache/distillery');
  assert.equal(distilleryHome({ HOME }, 'darwin'), '/home/me/Library/Caches/distillery');
  assert.equal(distilleryHome({ HOME, XDG_CACHE_HOME: '/big' }, 'linux'), '/big/distillery');
  assert.equal(distilleryHome({ HOME, XDG_CACHE_HOME: 'relative' }, 'linux'), '/home/me/.cache/distillery');
  assert.equal(distilleryHome({ HOME, DISTILLERY_HOME: '/data/d' }, 'linux'), '/data/d');
  assert.equal(distilleryHome({ HOME, DISTILLERY_HOME: '' }, 'linux'), '/home/me/.cache/distillery');
});

test('the state folder is for the user alone, and an unusable home is said to be one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'distillery-home-'));
  try {
    const { state } = prepareHome(join(folder, 'home'));
    assert.equal(statSync(state).mode & 0o777, 0o700);
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => prepareHome(join(folder, 'file')), {
      name: 'SetupFailed',
      message: /set DISTILLERY_HOME/,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
