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

test('a damaged checkpoint is reported and passed over', async () => {
  const store = new MemoryStore();
  const damaged: string[] = [];
  const checkpoints = new Checkpoints(store, 'unit', (key, error) => damaged.push(`${error.code} ${key}`));
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
  const newest = await new Checkpoints(new Racing(), 'unit', () =>
    assert.fail('nothing is damaged'),
  ).newest();
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

function sequences(store: MemoryStore): number[] {
  return store.keys().map((key) => Number(/s-(\d+)/.exec(key)?.[1]));
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
