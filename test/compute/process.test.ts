/**
 * @file The compute process from its parent's side: results, progress, stopping, dying, hanging.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Stopped } from '../../compute/context.js';
import { ComputePool } from '../../compute/pool.js';
import { ComputeProcess } from '../../compute/process.js';
import type { UnitProgress } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { asInput, type Behaviour } from './behaviours.js';

const entry = fileURLToPath(new URL('./fake-child.js', import.meta.url));

describe('compute process', () => {
  let compute: ComputeProcess;
  const start = (): ComputeProcess => (compute = new ComputeProcess({ threads: 1, entry }));
  afterEach(() => compute.kill());

  const run = (behaviour: Behaviour, options: Parameters<ComputeProcess['run']>[2] = {}): Promise<unknown> =>
    compute.run('trainExpert', asInput(behaviour), options);

  it('returns results, passes progress on and stays alive between tasks', async () => {
    start();
    const seen: UnitProgress[] = [];
    const first = await run(
      { behaviour: 'count', to: 30 },
      { onProgress: (progress) => seen.push(progress) },
    );
    const { pid } = compute;
    assert.deepEqual(first, { counted: 30, pid });
    assert.deepEqual(seen.at(-1)?.metrics, { square: 900 });
    assert.ok(seen.at(-1)?.worker.endsWith(`/${String(pid)}`));
    assert.ok(seen.length > 1 && seen.length < 30, `${seen.length} reports`);
    assert.deepEqual(await run({ behaviour: 'count', to: 1 }), { counted: 1, pid });
  });

  for (const reason of ['cancel', 'preempt', 'drop'] as const) {
    it(`stops a task that looks up (${reason}) and keeps the process`, async () => {
      start();
      await run({ behaviour: 'count', to: 1 });
      const { pid } = compute;
      const stop = new AbortController();
      const running = run({ behaviour: 'count', to: 100_000 }, { signal: stop.signal });
      setTimeout(() => stop.abort(new Stopped(reason)), 50);
      await assert.rejects(running, (error) => error instanceof Stopped && error.reason === reason);
      assert.equal(compute.pid, pid);
    });
  }

  for (const reason of ['drop', 'preempt'] as const) {
    it(`kills a task that does not stop within two seconds (${reason})`, async () => {
      start();
      await run({ behaviour: 'count', to: 1 });
      const pid = compute.pid!;
      const stop = new AbortController();
      const running = run({ behaviour: 'block', milliseconds: 60_000 }, { signal: stop.signal });
      await delay(100);
      const asked = performance.now();
      stop.abort(new Stopped(reason));
      await assert.rejects(running, Stopped);
      await until(() => !isAlive(pid), 2000 - (performance.now() - asked));
      assert.deepEqual(await run({ behaviour: 'count', to: 2 }), { counted: 2, pid: compute.pid });
      assert.notEqual(compute.pid, pid);
    });
  }

  it('is patient with a long step when the run is cancelled or paused', async () => {
    start();
    await run({ behaviour: 'count', to: 1 });
    const { pid } = compute;
    const stop = new AbortController();
    const running = run({ behaviour: 'block', milliseconds: 3000 }, { signal: stop.signal });
    await delay(100);
    stop.abort(new Stopped('cancel'));
    assert.equal(await running, 'unblocked');
    assert.equal(compute.pid, pid);
  });

  it('lets a task that waits for the store wait beyond its stall limit, and says so', async () => {
    start();
    const seen: UnitProgress[] = [];
    const stop = new AbortController();
    const running = run(
      { behaviour: 'ask-store' },
      { stallTimeoutSeconds: 3, onProgress: (progress) => seen.push(progress), signal: stop.signal },
    );
    setTimeout(() => stop.abort(new Stopped('preempt')), 5000);
    await assert.rejects(running, Stopped);
    const told = seen.flatMap(({ waiting }) => waiting ?? []);
    assert.match(told.at(-1) ?? '', /^the store: ECONNREFUSED.*, at http:\/\/127\.0\.0\.1:1\/distillery$/);
  });

  for (const reason of ['cancel', 'preempt', 'drop'] as const) {
    it(`interrupts a wait for the store at once (${reason}) and keeps the process`, async () => {
      start();
      await run({ behaviour: 'count', to: 1 });
      const { pid } = compute;
      const stop = new AbortController();
      const running = run({ behaviour: 'ask-store' }, { signal: stop.signal });
      await delay(500);
      const asked = performance.now();
      stop.abort(new Stopped(reason));
      await assert.rejects(running, (error) => error instanceof Stopped && error.reason === reason);
      assert.ok(performance.now() - asked < 700);
      assert.equal(compute.pid, pid);
    });
  }

  it('does not start a task that is cancelled already', async () => {
    start();
    await assert.rejects(run({ behaviour: 'count', to: 1 }, { signal: AbortSignal.abort() }), Stopped);
    assert.equal(compute.pid, undefined);
  });

  it('turns a death into ComputeFailed with what the process last said, and starts another', async () => {
    start();
    await assert.rejects(run({ behaviour: 'exit', code: 3 }), (error) => {
      assert.ok(error instanceof DistilleryError);
      assert.equal(error.code, 'ComputeFailed');
      assert.match(error.message, /ended with code 3.*about to give up/);
      return true;
    });
    assert.deepEqual(await run({ behaviour: 'count', to: 1 }), { counted: 1, pid: compute.pid });
  });

  it('explains a kill from outside', async () => {
    start();
    await assert.rejects(run({ behaviour: 'kill' }), /SIGKILL.*from outside.*memory is short/);
  });

  it('kills a task without progress', async () => {
    start();
    await run({ behaviour: 'count', to: 1 });
    const pid = compute.pid!;
    await assert.rejects(run({ behaviour: 'hang' }, { stallTimeoutSeconds: 0.3 }), (error) => {
      assert.ok(error instanceof DistilleryError && error.retryable);
      assert.match(error.message, /no progress for 0.3 s/);
      return true;
    });
    await until(() => !isAlive(pid), 1000);
  });

  it('kills a task that computes without end, and one that is suspended', async () => {
    start();
    for (const suspend of [false, true]) {
      await run({ behaviour: 'count', to: 1 });
      const pid = compute.pid!;
      const behaviour: Behaviour = suspend
        ? { behaviour: 'count', to: 100_000 }
        : { behaviour: 'block', milliseconds: 60_000 };
      const running = run(behaviour, { stallTimeoutSeconds: 0.5 });
      if (suspend) setTimeout(() => process.kill(pid, 'SIGSTOP'), 100);
      await assert.rejects(running, { code: 'ComputeFailed', message: /no progress for 0.5 s/ });
      await until(() => !isAlive(pid), 1000);
    }
  });

  it('stops a task that takes more memory than it may, and says what to change', async () => {
    compute = new ComputeProcess({ threads: 1, entry, memoryLimit: 200 * 2 ** 20 });
    await run({ behaviour: 'allocate', mebibytes: 20 });
    const pid = compute.pid!;
    await assert.rejects(run({ behaviour: 'allocate', mebibytes: 800 }), (error) => {
      assert.ok(error instanceof DistilleryError && error.retryable);
      assert.equal(error.code, 'OutOfMemory');
      assert.match(
        error.message,
        /took [2-7]\d\d MiB of memory, its limit is 200 MiB.*`batchSize` of train-experts.*--slots.*--memory-limit/,
      );
      return true;
    });
    await until(() => !isAlive(pid), 1000);
    assert.deepEqual(await run({ behaviour: 'count', to: 1 }), { counted: 1, pid: compute.pid });
  });

  it('gives errors of the work their code', async () => {
    start();
    await assert.rejects(run({ behaviour: 'refuse' }), (error) => {
      assert.ok(error instanceof DistilleryError && !error.retryable);
      assert.equal(error.code, 'Diverged');
      assert.equal(error.message, 'the learned rate is NaN at iteration 7');
      return true;
    });
    await assert.rejects(run({ behaviour: 'throw' }), { code: 'ComputeFailed', message: 'TypeError: a bug' });
  });

  // The kernel's way needs setpriv on the PATH; without it the child watches its parent.
  for (const PATH of [process.env['PATH'] ?? '', '']) {
    it(`ends within a second of its parent, although it is busy (${PATH === '' ? 'without' : 'with'} setpriv)`, async () => {
      start();
      const parent = spawn(process.execPath, [fileURLToPath(new URL('./fake-parent.js', import.meta.url))], {
        env: { ...process.env, PATH },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const pid = await new Promise<number>((resolve, reject) => {
        parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
        parent.once('exit', (code) => reject(new Error(`the parent ended with ${String(code)}`)));
      });
      assert.ok(isAlive(pid));
      parent.kill('SIGKILL');
      await until(() => !isAlive(pid), 1000);
    });
  }
});

describe('compute pool', () => {
  it('runs as many tasks at once as it has slots, the others in turn', async () => {
    const pool = new ComputePool({ slots: 2, threads: 1, entry });
    try {
      const results = await Promise.all(
        Array.from({ length: 5 }, () => pool.run('trainExpert', asInput({ behaviour: 'count', to: 5 }))),
      );
      const pids = new Set((results as unknown as { pid: number }[]).map(({ pid }) => pid));
      assert.equal(pids.size, 2);
    } finally {
      pool.close();
    }
  });
});

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => boolean, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!condition()) {
    assert.ok(performance.now() < end, `still not so after ${milliseconds.toFixed(0)} ms`);
    await delay(20);
  }
}

/** A process that ended but was not collected yet does not count. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/stat`;
  return !existsSync(status) || !/\) [ZX] /.test(readFileSync(status, 'utf8'));
}
