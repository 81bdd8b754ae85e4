/**
 * @file When checkpoints are written, and that a store that is away stops neither the computing nor the attempt.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Checkpointing } from '../../compute/checkpointing.js';
import { Stopped, type StopReason, type TaskContext } from '../../compute/context.js';
import { DistilleryError, type ErrorCode } from '../../errors/errors.js';

/** A task of one step a second on a store that fails as told. */
function task() {
  const state = {
    step: 0,
    fails: undefined as ErrorCode | undefined,
    stop: undefined as StopReason | undefined,
    tried: [] as number[],
    written: [] as number[],
    waiting: undefined as string | undefined,
  };
  const context = {
    checkpointInterval: 10,
    breathe: () => Promise.resolve(),
    stopRequested: () => state.stop,
    waiting: (reason: string | undefined) => void (state.waiting = reason),
  } as TaskContext;
  const write = (): Promise<void> => {
    state.tried.push(state.step);
    if (state.fails) return Promise.reject(new DistilleryError(state.fails, 'away'));
    state.written.push(state.step);
    return Promise.resolve();
  };
  const checkpointing = new Checkpointing(context, write, () => state.step * 1000);
  const steps = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      state.step += 1;
      await checkpointing.betweenSteps();
    }
  };
  return { state, checkpointing, steps };
}

describe('checkpointing', () => {
  it('writes every ten seconds, and when told to leave', async () => {
    const { state, steps } = task();
    await steps(25);
    assert.deepEqual(state.written, [11, 22]);
    state.stop = 'preempt';
    await assert.rejects(steps(1), Stopped);
    assert.deepEqual(state.written, [11, 22, 26]);
  });

  for (const code of ['StoreUnavailable', 'NoSpace'] as const) {
    it(`goes on computing while writing fails (${code}), ever more rarely tried, and then writes the newest`, async () => {
      const { state, steps } = task();
      await steps(11);
      state.fails = code;
      await steps(100);
      assert.deepEqual(state.tried, [11, 22, 33, 54, 95]);
      assert.match(state.waiting ?? '', /the last checkpoint is 84 s old/);
      state.fails = undefined;
      await steps(61);
      assert.deepEqual(state.written, [11, 156, 167]);
      assert.equal(state.waiting, undefined);
    });
  }

  it('waits at the end, and fails there', async () => {
    const { state, steps, checkpointing } = task();
    state.fails = 'StoreUnavailable';
    await steps(30);
    await assert.rejects(checkpointing.now(), { code: 'StoreUnavailable' });
  });

  it('gives a write up when it is to leave', async () => {
    const { state, steps } = task();
    state.fails = 'StoreUnavailable';
    state.stop = 'preempt';
    await assert.rejects(steps(1), Stopped);
    assert.deepEqual([state.tried, state.written], [[1], []]);
  });

  for (const code of ['StoreRefused', 'Corrupt'] as const) {
    it(`does not go on when waiting cannot help (${code})`, async () => {
      const { state, steps } = task();
      state.fails = code;
      await assert.rejects(steps(12), { code });
    });
  }
});
