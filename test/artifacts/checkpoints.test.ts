import assert from 'node:assert/strict';
import test from 'node:test';
import { Checkpoints } from '../../artifacts/checkpoints.js';
import type { Reference } from '../../artifacts/reference.js';
import { tensorOf, type NamedTensor } from '../../artifacts/safetensors.js';
import { MemoryStore } from '../support/memory-store.js';

const state = (value: number) =>
  new Map<string, NamedTensor>([['x', { dtype: 'F32', shape: [2], data: Float32Array.of(value, -value) }]]);

test('the newest checkpoint is found, also below a limit', async () => {
  const checkpoints = new Checkpoints(new MemoryStore(), 'unit');
  assert.equal(await checkpoints.newest(), undefined);
  for (const sequence of [9, 10, 100])
    await checkpoints.save(sequence, state(sequence), { note: `${sequence}` });
  const newest = await checkpoints.newest();
  assert.equal(newest?.sequence, 100);
  assert.deepEqual(tensorOf(newest, 'x', 'F32').data, Float32Array.of(100, -100));
  assert.deepEqual(newest.metadata, { note: '100' });
  assert.equal((await checkpoints.newest({ atMost: 99 }))?.sequence, 10);
  assert.equal((await checkpoints.newest({ atMost: 10 }))?.sequence, 10);
  assert.equal(await checkpoints.newest({ atMost: 8 }), undefined);
});

test('units of work do not see each other’s checkpoints', async () => {
  const store = new MemoryStore();
  await new Checkpoints(store, 'one').save(5, state(5));
  assert.equal(await new Checkpoints(store, 'on').newest(), undefined);
  assert.equal(await new Checkpoints(store, 'two').newest(), undefined);
});

test('what a run has stored is discarded, what was there before stays', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(store, 'unit');
  await checkpoints.save(1, state(1));
  // Times of stores are in whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const since = new Date();
  await checkpoints.save(2, state(2));
  await new Checkpoints(store, 'other').save(3, state(3));
  await checkpoints.discard(since);
  assert.equal((await checkpoints.newest())?.sequence, 1);
  assert.equal((await new Checkpoints(store, 'other').newest())?.sequence, 3);
});

test('a damaged checkpoint is reported and passed over', async () => {
  const store = new MemoryStore();
  const damaged: string[] = [];
  const checkpoints = new Checkpoints(store, 'unit', {
    onDamaged: (key, error) => damaged.push(`${error.code} ${key}`),
  });
  await checkpoints.save(1, state(1));
  const { key } = await checkpoints.save(2, state(2));
  await store.putObject(key, new Uint8Array(100), 'text/plain');
  assert.equal((await checkpoints.newest())?.sequence, 1);
  assert.deepEqual(damaged, [`Corrupt ${key}`]);
});

test('a checkpoint that is pruned between listing and reading is looked for anew', async () => {
  const store = new MemoryStore();
  class Racing extends MemoryStore {
    override async get(reference: Reference): Promise<Uint8Array> {
      // Another attempt has gone on meanwhile.
      await store.remove(reference.key);
      this.get = (other) => store.get(other);
      await new Checkpoints(store, 'unit').save(7, state(7));
      return store.get(reference);
    }
    override list(prefix: string) {
      return store.list(prefix);
    }
    override getObject(key: string) {
      return store.getObject(key);
    }
  }
  await new Checkpoints(store, 'unit').save(3, state(3));
  const newest = await new Checkpoints(new Racing(), 'unit', {
    onDamaged: () => assert.fail('nothing is damaged'),
  }).newest();
  assert.equal(newest?.sequence, 7);
});

test('pruning keeps the newest, and two writers of one state make one object', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(store, 'unit');
  for (const sequence of [1, 2, 3, 4, 5]) await checkpoints.save(sequence, state(sequence));
  await new Checkpoints(store, 'unit').save(5, state(5));
  assert.equal(store.keys().length, 5);
  await checkpoints.prune();
  assert.deepEqual(sequences(store), [4, 5]);
  await checkpoints.prune({ keep: 0 });
  assert.deepEqual(sequences(store), []);
});

test('a shorter run keeps its own checkpoints below those of a longer one', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(store, 'unit');
  for (const sequence of [4990, 5000]) await checkpoints.save(sequence, state(sequence));
  for (const sequence of [10, 20, 30]) {
    await checkpoints.save(sequence, state(sequence));
    await checkpoints.prune({ upTo: sequence });
  }
  assert.deepEqual(sequences(store), [20, 30, 4990, 5000]);
  assert.equal((await checkpoints.newest({ atMost: 100 }))?.sequence, 30);
});

test('runs of another length are read and left alone: neither takes what the other needs', async () => {
  const store = new MemoryStore();
  const long = new Checkpoints(store, 'unit', { goal: 5000 });
  const short = new Checkpoints(store, 'unit', { goal: 100 });
  for (let step = 10; step <= 90; step += 10) {
    await short.save(step, state(step));
    await short.prune({ upTo: step });
    // Far ahead, and writing as often.
    await long.save(step + 3000, state(step + 3000));
    await long.prune({ upTo: step + 3000 });
  }
  assert.deepEqual(sequences(store), [80, 90, 3080, 3090]);
  assert.equal((await short.newest({ atMost: 100 }))?.sequence, 90);
  assert.equal((await long.newest())?.sequence, 3090);
  assert.equal((await new Checkpoints(store, 'unit', { goal: 9000 }).newest())?.sequence, 3090);
});

test('an attempt that slept beyond its time and goes on beside its successor takes nothing from it', async () => {
  const store = new MemoryStore();
  const attempt = () => new Checkpoints(store, 'unit', { goal: 1000 });
  const write = async (checkpoints: Checkpoints, step: number): Promise<void> => {
    await checkpoints.save(step, state(step));
    await checkpoints.prune({ upTo: step });
  };
  const sleeper = attempt();
  for (const step of [10, 20, 30]) await write(sleeper, step);
  const successor = attempt();
  assert.equal((await successor.newest())?.sequence, 30);
  // Both go on, the sleeper behind: whenever the successor dies now, it goes on from its last write or later.
  for (const step of [40, 50, 60, 70, 80]) {
    await write(successor, step);
    await write(sleeper, step - 20);
    const newest = await attempt().newest();
    assert.equal(newest?.sequence, step);
    assert.deepEqual(tensorOf(newest, 'x', 'F32').data, Float32Array.of(step, -step));
  }
  // The sleeper overtakes: what it wrote is what the successor would have written.
  for (const step of [90, 100, 110]) {
    await write(sleeper, step);
    assert.equal((await attempt().newest())?.sequence, step);
  }
  await write(successor, 90);
  assert.equal((await attempt().newest())?.sequence, 110);
});

function sequences(store: MemoryStore): number[] {
  return store
    .keys()
    .map((key) => Number(/s-(\d+)/.exec(key)?.[1]))
    .sort((a, b) => a - b);
}

test('a superseded attempt that writes and prunes late harms nothing', async () => {
  const store = new MemoryStore();
  const late = new Checkpoints(store, 'unit');
  const current = new Checkpoints(store, 'unit');
  await current.save(10, state(10));
  await current.save(20, state(20));
  await late.save(5, state(5));
  await late.prune();
  assert.equal((await current.newest())?.sequence, 20);
  assert.equal(store.keys().length, 2);
});

test('sequence numbers that a key cannot carry are refused', async () => {
  const checkpoints = new Checkpoints(new MemoryStore(), 'unit');
  for (const sequence of [-1, 1.5, 1e10, NaN])
    await assert.rejects(checkpoints.save(sequence, state(0)), RangeError);
});
