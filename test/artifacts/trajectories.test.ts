import assert from 'node:assert/strict';
import test from 'node:test';
import type { ByteRange, Reference } from '../../artifacts/reference.js';
import { readSafetensors, tensorOf } from '../../artifacts/safetensors.js';
import { readSnapshot, SnapshotCache } from '../../artifacts/snapshots.js';
import { getTrajectory, getTrajectorySet, putTrajectorySet } from '../../artifacts/trajectories.js';
import { TrajectoryWriter, type TrajectoryHead } from '../../artifacts/trajectory-writer.js';
import { MemoryStore } from '../support/memory-store.js';

const head: TrajectoryHead = {
  index: 3,
  seed: 17,
  network: { architecture: 'ConvNet', depth: 1, width: 2, norm: 'instance', pool: 'avg', act: 'relu' },
  parameters: [
    { name: 'features.0.weight', shape: [2, 1, 3, 3] },
    { name: 'classifier.bias', shape: [5] },
  ],
};
const epochs = 6;
const snapshot = (epoch: number): Float32Array =>
  Float32Array.from({ length: 23 }, (_, i) => epoch + i / 100);
const accuracies = Array.from({ length: epochs + 1 }, (_, epoch) => epoch / 10);
const losses = Array.from({ length: epochs }, (_, epoch) => 1 / (epoch + 1));

/** Room for two epochs in a shard. */
const shardBytes = 2 * 23 * 4 + 10;

async function record(store: MemoryStore) {
  const writer = new TrajectoryWriter(store, 'expert', head, undefined, { shardBytes });
  for (let epoch = 0; epoch <= epochs; epoch += 1) await writer.add(epoch, snapshot(epoch));
  return writer.finish(accuracies, losses);
}

class CountingStore extends MemoryStore {
  reads = 0;
  override getRange(reference: Reference, range: ByteRange): Promise<Uint8Array> {
    this.reads += 1;
    return super.getRange(reference, range);
  }
}

test('every snapshot of an expert is read back by range', async () => {
  const store = new MemoryStore();
  const { trajectory, reference, created } = await record(store);
  assert.equal(created, true);
  assert.equal(reference.key, 'experts/expert.json');
  assert.deepEqual(
    trajectory.shards.map((shard) => shard.epochs.map(({ epoch }) => epoch)),
    [[0, 1], [2, 3], [4, 5], [6]],
  );
  const read = await getTrajectory(store, reference);
  assert.deepEqual(read, trajectory);
  for (let epoch = 0; epoch <= epochs; epoch += 1) {
    assert.deepEqual(await readSnapshot(store, read, epoch), snapshot(epoch));
  }
  await assert.rejects(readSnapshot(store, read, 7), {
    code: 'InvalidTrajectory',
    message: /no epoch 7, only 0 to 6/,
  });
});

test('a shard is a safetensors file that names each parameter of each epoch', async () => {
  const store = new MemoryStore();
  const { trajectory } = await record(store);
  const file = readSafetensors(await store.get(trajectory.shards[1]!.object));
  assert.deepEqual(
    [...file.tensors.keys()],
    [
      'e-0002/features.0.weight',
      'e-0002/classifier.bias',
      'e-0003/features.0.weight',
      'e-0003/classifier.bias',
    ],
  );
  const bias = tensorOf(file, 'e-0003/classifier.bias', 'F32');
  assert.deepEqual(bias, { dtype: 'F32', shape: [5], data: snapshot(3).slice(18) });
});

test('a writer that goes on from a kept state gives the same expert', async () => {
  const whole = new MemoryStore();
  const expected = await record(whole);
  const store = new MemoryStore();
  let state = undefined;
  for (let epoch = 0; epoch <= epochs; epoch += 1) {
    const writer: TrajectoryWriter = new TrajectoryWriter(store, 'expert', head, state, { shardBytes });
    const live = snapshot(epoch);
    await writer.add(epoch, live);
    live.fill(NaN);
    const { shards, pending } = writer.state();
    state = { shards: JSON.parse(JSON.stringify(shards)) as typeof shards, pending };
  }
  const writer = new TrajectoryWriter(store, 'expert', head, state, { shardBytes });
  assert.deepEqual(await writer.finish(accuracies, losses), expected);
  assert.deepEqual(store.keys(), whole.keys());
});

test('an expert that is there already stands', async () => {
  const store = new MemoryStore();
  const first = await record(store);
  const writer = new TrajectoryWriter(store, 'expert', head);
  for (let epoch = 0; epoch <= epochs; epoch += 1) await writer.add(epoch, snapshot(epoch + 0.5));
  const second = await writer.finish(accuracies, losses);
  assert.equal(second.created, false);
  assert.deepEqual(second.trajectory, first.trajectory);
});

test('snapshots out of order or of the wrong size are the caller’s mistake', async () => {
  const writer = new TrajectoryWriter(new MemoryStore(), 'expert', head);
  await assert.rejects(writer.add(1, snapshot(1)), RangeError);
  await assert.rejects(writer.add(0, new Float32Array(22)), RangeError);
  await writer.add(0, snapshot(0));
  await assert.rejects(writer.finish([0.1, 0.2], []), RangeError);
});

test('a damaged snapshot is found, a manifest of another form is refused', async () => {
  const store = new MemoryStore();
  const { trajectory } = await record(store);
  const { object } = trajectory.shards[0]!;
  const bytes = (await store.get(object)).slice();
  bytes[bytes.length - 1]! ^= 1;
  await store.putObject(object.key, bytes, object.mediaType);
  assert.deepEqual(await readSnapshot(store, trajectory, 0), snapshot(0));
  await assert.rejects(readSnapshot(store, trajectory, 1), { code: 'Corrupt' });
  const { reference } = await store.putManifest('experts/short.json', {
    ...trajectory,
    shards: trajectory.shards.slice(1),
  });
  await assert.rejects(getTrajectory(store, reference), {
    code: 'InvalidTrajectory',
    message: /experts\/short\.json is not what it should be.*epochs are not in order/,
  });
  const other = await store.putManifest('experts/other.json', { kind: 'trajectory' });
  await assert.rejects(getTrajectory(store, other.reference), {
    code: 'InvalidTrajectory',
    message: /index/,
  });
});

test('the experts of a stage are one artifact', async () => {
  const store = new MemoryStore();
  const { trajectory, reference } = await record(store);
  const { network, parameterCount } = trajectory;
  const set = { kind: 'trajectory-set' as const, network, parameterCount, epochs, trajectories: [reference] };
  const stored = await putTrajectorySet(store, 'stage', set);
  assert.deepEqual(await putTrajectorySet(store, 'stage', set), stored);
  assert.deepEqual(await getTrajectorySet(store, stored), set);
});

test('the cache reads each snapshot once and keeps those used last', async () => {
  const store = new CountingStore();
  const { trajectory } = await record(store);
  const cache = new SnapshotCache(store, 2 * 23 * 4);
  const [a, b] = await Promise.all([cache.get(trajectory, 0), cache.get(trajectory, 0)]);
  assert.equal(a, b);
  assert.deepEqual(a, snapshot(0));
  await cache.get(trajectory, 1);
  await cache.get(trajectory, 0);
  assert.equal(store.reads, 2);
  await cache.get(trajectory, 2);
  await cache.get(trajectory, 0);
  assert.equal(store.reads, 3);
  assert.deepEqual(await cache.get(trajectory, 1), snapshot(1));
  assert.equal(store.reads, 4);
});

test('the cache does not keep a failure', async () => {
  const store = new MemoryStore();
  const { trajectory } = await record(store);
  const { object } = trajectory.shards[0]!;
  const bytes = await store.get(object);
  const cache = new SnapshotCache(store);
  await store.remove(object.key);
  await assert.rejects(cache.get(trajectory, 0), { code: 'Corrupt' });
  await store.putObject(object.key, bytes, object.mediaType);
  assert.deepEqual(await cache.get(trajectory, 0), snapshot(0));
});

/** The snapshots of `record`, stored as differences in half precision, of some epochs only. */
const storage = { kept: [0, 2, 3, 6], precision: 'fp16-delta', shardBytes: 23 * 4 + 10 } as const;

async function recordDeltas(store: MemoryStore, restart: boolean) {
  let writer = new TrajectoryWriter(store, 'expert', head, undefined, storage);
  for (const epoch of storage.kept) {
    await writer.add(epoch, snapshot(epoch).map(Math.sqrt));
    if (!restart) continue;
    const { shards, pending, newest } = writer.state();
    const state = { shards: JSON.parse(JSON.stringify(shards)) as typeof shards, pending, newest };
    writer = new TrajectoryWriter(store, 'expert', head, state, storage);
  }
  return writer.finish(accuracies, losses);
}

test('differences are stored of the epochs that are kept, and added up when they are read', async () => {
  const store = new CountingStore();
  const { trajectory, reference } = await recordDeltas(store, false);
  assert.deepEqual(trajectory.kept, storage.kept);
  assert.deepEqual(await getTrajectory(store, reference), trajectory);
  const lengths = trajectory.shards.flatMap(({ epochs: places }) => places.map(({ range }) => range.length));
  assert.deepEqual(lengths, [92, 46, 46, 46]);
  const [, second] = trajectory.shards;
  const names = [...readSafetensors(await store.get(second!.object)).tensors.keys()];
  assert.equal(names[0], 'e-0002-delta/features.0.weight');

  const cache = new SnapshotCache(store);
  for (const epoch of [6, 0, 3, 2]) {
    const read = await cache.get(trajectory, epoch);
    const exact = snapshot(epoch).map(Math.sqrt);
    // Of a step of about 1, half precision keeps 11 bits; what is lost does not add up.
    read.forEach((value, i) => assert.ok(Math.abs(value - exact[i]!) < 2 ** -11, `${epoch}: ${value}`));
    assert.deepEqual(await readSnapshot(store, trajectory, epoch), read);
  }
  assert.equal(store.reads, 4 + (4 + 1 + 3 + 2), 'the cache reads each range once');
  await assert.rejects(readSnapshot(store, trajectory, 5), {
    code: 'InvalidTrajectory',
    message: /no epoch 5, only 0, 2, 3, 6/,
  });
});

test('a writer of differences that goes on from a kept state gives the same expert', async () => {
  const [whole, store] = [new MemoryStore(), new MemoryStore()];
  assert.deepEqual(await recordDeltas(store, true), await recordDeltas(whole, false));
  assert.deepEqual(store.keys(), whole.keys());
});

test('an epoch that was to be kept and is not there is refused', async () => {
  const store = new MemoryStore();
  const writer = new TrajectoryWriter(store, 'expert', head, undefined, storage);
  await writer.add(0, snapshot(0));
  await assert.rejects(writer.add(1, snapshot(1)), RangeError);
  await writer.add(2, snapshot(2));
  await assert.rejects(writer.finish(accuracies, losses), RangeError);
  const { trajectory } = await recordDeltas(store, false);
  const { reference } = await store.putManifest('experts/gap.json', { ...trajectory, kept: [0, 2, 3, 5, 6] });
  await assert.rejects(getTrajectory(store, reference), { code: 'InvalidTrajectory' });
});

test('a parameter that runs away is not stored as infinite', async () => {
  const writer = new TrajectoryWriter(new MemoryStore(), 'expert', head, undefined, storage);
  await writer.add(0, snapshot(0));
  await assert.rejects(writer.add(2, snapshot(2).fill(1e5)), { code: 'Diverged', message: /65,504/ });
});

test('what is lost by rounding does not add up', async () => {
  const store = new MemoryStore();
  const kept = Array.from({ length: 200 }, (_, epoch) => epoch);
  const writer = new TrajectoryWriter(store, 'expert', head, undefined, { precision: 'fp16-delta' });
  // Of 0.1, half precision lacks 2.4e-5: 5e-3 after 200 epochs, were it not made up for.
  for (const epoch of kept) await writer.add(epoch, new Float32Array(23).fill(epoch / 10));
  const { trajectory } = await writer.finish(kept, kept.slice(1));
  const [value = 0] = await readSnapshot(store, trajectory, 199);
  assert.ok(Math.abs(value - 19.9) < 5e-5, `${value}`);
});
