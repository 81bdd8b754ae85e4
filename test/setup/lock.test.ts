/**
 * @file Locks: one holder at a time, and none after its death.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock, waitForLock, type Lock } from '../../setup/lock.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'distillery-lock-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function take(path: string): Lock {
  const result = tryLock(path);
  assert.ok('release' in result, 'the lock should be free');
  return result;
}

test('a held lock names its holder, and is free after release', () => {
  const path = join(folder, 'plain');
  const lock = take(path);
  const second = tryLock(path);
  assert.ok('pid' in second);
  assert.equal(second.pid, process.pid);
  lock.release();
  lock.release();
  assert.ok(!existsSync(path));
  take(path).release();
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('plain')),
    [],
    'no drafts are left behind',
  );
});

test('the lock of a dead process is taken over', () => {
  const path = join(folder, 'dead');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), started: '', token: 'dead' }));
  take(path).release();
});

test('a pid that now belongs to another process does not keep the lock', () => {
  const path = join(folder, 'recycled');
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  try {
    writeFileSync(path, JSON.stringify({ pid: child.pid, host: hostname(), started: '1', token: 'old' }));
    // Only Linux tells when a process began; elsewhere the pid alone has to do.
    if (existsSync('/proc/self/stat')) take(path).release();
    else assert.ok('pid' in tryLock(path));
  } finally {
    child.kill('SIGKILL');
  }
});

test(
  'a process that is dead but not yet buried does not keep the lock',
  {
    skip: existsSync('/proc/self/stat') ? false : 'only Linux tells',
  },
  async () => {
    const path = join(folder, 'zombie');
    // `exec` leaves the first process with a parent that never asks how it ended.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    try {
      const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
      const holder = { pid: Number(String(pid)), host: hostname(), started: '', token: 'zombie' };
      const state = (): string => readFileSync(`/proc/${holder.pid}/stat`, 'utf8').split(' ')[2] ?? '';
      while (state() !== 'Z') await sleep(10);
      writeFileSync(path, JSON.stringify(holder));
      take(path).release();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);

test('a damaged lock file is taken over', () => {
  const path = join(folder, 'damaged');
  writeFileSync(path, '{"pid": 1');
  take(path).release();
});

test('a holder on another machine counts as dead only when it has been silent', () => {
  const path = join(folder, 'elsewhere');
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: '', token: 'far' }));
  const result = tryLock(path);
  assert.ok('pid' in result);
  assert.equal(result.host, 'elsewhere');
  const longAgo = new Date(Date.now() - 120_000);
  utimesSync(path, longAgo, longAgo);
  take(path).release();
});

test('waiting ends with the release, and says once whom it waits for', async () => {
  const path = join(folder, 'wait');
  const lock = take(path);
  const waitedFor: number[] = [];
  const waiting = waitForLock(path, (holder) => waitedFor.push(holder.pid));
  setTimeout(() => lock.release(), 600);
  (await waiting).release();
  assert.deepEqual(waitedFor, [process.pid]);
});

test('of many processes that find a stale lock, one at a time holds it', async () => {
  const path = join(folder, 'race');
  writeFileSync(path, JSON.stringify({ pid: 0, host: hostname(), started: '', token: 'stale' }));
  // Each holder makes a file that must not be there, and removes it before it lets go.
  const program = `
    import { waitForLock } from ${JSON.stringify(new URL('../../setup/lock.js', import.meta.url).href)};
    import { writeFileSync, rmSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const lock = await waitForLock(${JSON.stringify(path)}, () => {});
    writeFileSync(${JSON.stringify(path)} + '-inside', '', { flag: 'wx' });
    await sleep(20);
    rmSync(${JSON.stringify(path)} + '-inside');
    lock.release();
  `;
  const statuses = await Promise.all(
    Array.from(
      { length: 6 },
      () =>
        new Promise((resolve) => {
          spawn(process.execPath, ['--input-type=module', '-e', program]).once('exit', resolve);
        }),
    ),
  );
  assert.deepEqual(statuses, [0, 0, 0, 0, 0, 0]);
});
