/**
 * @file What is read about memory from files of the kernel.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { totalmem } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { bytes } from '../../cli/whole-number.js';
import { MemoryWatch } from '../../compute/memory-watch.js';
import { countOutOfMemoryKills, defaultMemoryLimit, heldMemory, memoryOf } from '../../compute/memory.js';
import { temporaryFolder } from '../support/idx.js';

async function rootWith(t: TestContext, files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder(t);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe('memory', () => {
  it('of a process is what it holds, with what was swapped out and without mapped files', () => {
    const status =
      'VmRSS:\t  9000 kB\nRssAnon:\t  5000 kB\nRssFile:\t  3900 kB\nRssShmem:\t   100 kB\nVmSwap:\t    20 kB\n';
    assert.equal(heldMemory(status), 5120 * 1024);
    assert.equal(heldMemory('VmRSS:\t  9000 kB\n'), 9000 * 1024);
    assert.equal(heldMemory('Name:\tnode\n'), undefined);
  });

  it('is measured for a process that runs, and for one that is gone it is unknown', async () => {
    const kept = Buffer.alloc(64 * 2 ** 20, 1);
    const held = await memoryOf(process.pid);
    assert.ok(held !== undefined && held > kept.length && held < totalmem());
    assert.equal(await memoryOf(2 ** 22 + 1), undefined);
  });

  it('has a limit by default, below what there is', () => {
    const limit = defaultMemoryLimit();
    assert.ok(limit > 0 && limit <= 0.9 * totalmem());
  });

  it('that ran out is counted by the control group, else by the machine', async (t) => {
    const vmstat = { 'proc/vmstat': 'nr_free_pages 5\noom_kill 7\n' };
    const unified = { 'proc/self/cgroup': '0::/pod/worker\n' };
    const events = 'low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n';
    const control = 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n';
    const count = async (files: Record<string, string>) => countOutOfMemoryKills(await rootWith(t, files));
    assert.equal(await count({ ...vmstat, ...unified, 'sys/fs/cgroup/pod/worker/memory.events': events }), 2);
    assert.equal(
      await count({
        ...vmstat,
        'proc/self/cgroup': '5:cpu,memory:/docker/x\n0::/\n',
        'sys/fs/cgroup/memory/docker/x/memory.oom_control': control,
      }),
      4,
    );
    assert.equal(await count({ ...vmstat, ...unified }), 7);
    assert.equal(await count({}), undefined);
  });

  it('that ran out is told from other kills', () => {
    for (const [before, after, explained] of [
      [3, 4, true],
      [3, 3, false],
      [undefined, undefined, false],
    ] as const) {
      const counts = [before, after];
      const watch = new MemoryWatch(undefined, 'distillChunk', {
        limit: 2 ** 30,
        onExceeded: () => undefined,
        countKills: () => counts.shift(),
      });
      const error = watch.explainKill();
      if (explained) {
        assert.equal(error?.code, 'OutOfMemory');
        assert.match(error.message, /killed by the kernel .* below its limit of 1.0 GiB.*`batchSyn`/);
      } else assert.equal(error, undefined);
    }
  });

  it('is given on the command line with a unit', () => {
    assert.equal(bytes('8GiB'), 8 * 2 ** 30);
    assert.equal(bytes('1.5 GB'), 1.5e9);
    assert.equal(bytes('300MiB'), 300 * 2 ** 20);
    for (const text of ['8', '8G', '-1GiB', '0GiB', 'GiB', '']) assert.throws(() => bytes(text), /8GiB/);
  });
});
