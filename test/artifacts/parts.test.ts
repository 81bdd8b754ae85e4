/**
 * @file What is larger than one object may be: checkpoints and distilled images in parts, on a store that takes
 * very small objects only.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { lostFrom } from '../../artifacts/completeness.js';
import { findChunk, putChunk } from '../../artifacts/distillations.js';
import { getDistilled, putDistilled } from '../../artifacts/distilled-sets.js';
import { collectGarbage } from '../../artifacts/garbage.js';
import { partListMediaType, partsOf } from '../../artifacts/parts.js';
import { decodeDistilled, type DistilledSet } from '../../artifacts/result-folder.js';
import { tensorOf, type NamedTensor } from '../../artifacts/safetensors.js';
import { verifyStore } from '../../artifacts/verify.js';
import { MemoryStore } from '../support/memory-store.js';

const day = 24 * 3_600_000;

class SmallStore extends MemoryStore {
  override readonly maxObjectBytes = 4000;
}

/** Some 10 kB. */
const state = (value: number) =>
  new Map<string, NamedTensor>([
    ['x', { dtype: 'F32', shape: [2500], data: Float32Array.from({ length: 2500 }, (_, i) => value + i) }],
    ['y', { dtype: 'F64', shape: [1], data: Float64Array.of(value) }],
  ]);

/** Keys without the digests. */
const names = (store: MemoryStore): string[] => store.keys().map((key) => key.replace(/-[0-9a-f]{64}/, ''));

describe('a large checkpoint', () => {
  it('is read as it was written', async () => {
    const store = new SmallStore();
    const checkpoints = new Checkpoints(store, 'unit', { goal: 9 });
    await checkpoints.save(7, state(7), { note: 'seven' });
    assert.deepEqual(names(store), [
      ...Array<string>(3).fill('checkpoints/unit/to-9/p-0000000007.part'),
      'checkpoints/unit/to-9/s-0000000007.safetensors',
    ]);
    const newest = await new Checkpoints(store, 'unit').newest();
    assert.ok(newest);
    assert.deepEqual(newest.tensors, state(7));
    assert.deepEqual([newest.sequence, newest.metadata], [7, { note: 'seven' }]);
    assert.deepEqual(tensorOf(newest, 'y', 'F64').data, Float64Array.of(7));
  });

  it('goes with its parts, and leaves alone those of a checkpoint that is being written', async () => {
    const store = new SmallStore();
    const checkpoints = new Checkpoints(store, 'unit');
    const other = new Checkpoints(store, 'unit', { goal: 5 });
    await other.save(1, state(1));
    for (const sequence of [1, 2, 3, 4]) await checkpoints.save(sequence, state(sequence));
    const [, ...unfinished] = store.keys().filter((key) => key.includes('/p-0000000004'));
    for (const key of store.keys()) if (key.includes('/s-0000000004')) await store.remove(key);
    await checkpoints.prune();
    const left = names(store).filter((name) => !name.includes('/to-5/'));
    assert.deepEqual(
      [...new Set(left)],
      [
        'checkpoints/unit/p-0000000002.part',
        'checkpoints/unit/p-0000000003.part',
        'checkpoints/unit/p-0000000004.part',
        'checkpoints/unit/s-0000000002.safetensors',
        'checkpoints/unit/s-0000000003.safetensors',
      ],
    );
    assert.equal(unfinished.length, 2);
    await checkpoints.prune({ keep: 0 });
    assert.equal(names(store).length, 4, 'those of the other run are left');
    await other.discard(new Date(0));
    assert.deepEqual(store.keys(), []);
  });

  it('is passed over when a part is damaged or missing, and the damage is found', async () => {
    const store = new SmallStore();
    const damaged: string[] = [];
    const checkpoints = new Checkpoints(store, 'unit', { onDamaged: (key) => damaged.push(key) });
    for (const sequence of [1, 2, 3]) await checkpoints.save(sequence, state(sequence));
    const part = (sequence: number): string =>
      store.keys().find((key) => key.includes(`/p-000000000${sequence}`))!;
    const spoiled = part(3);
    await store.putObject(spoiled, new Uint8Array(10), 'x');
    assert.equal((await checkpoints.newest())?.sequence, 2);
    await store.remove(part(2));
    assert.equal((await checkpoints.newest())?.sequence, 1);
    assert.equal(damaged.length, 3);
    const { findings } = await verifyStore(store);
    assert.deepEqual(
      findings.map(({ key, problem }) => [key, problem]),
      [[spoiled, 'damaged']],
    );
  });
});

const set = (images: number, softLabels: boolean): DistilledSet => ({
  shape: { channels: 1, height: 4, width: 5 },
  images: Float32Array.from({ length: images * 20 }, (_, at) => Math.fround(Math.sin(at))),
  labels: Int32Array.from({ length: images }, (_, at) => Math.floor((3 * at) / images)),
  ...(softLabels && { softLabels: Float32Array.from({ length: images * 3 }, (_, at) => at) }),
  learnedRate: 0.5,
  mean: [0.25],
  std: [0.5],
  classNames: ['a', 'b', 'c'],
  iteration: 12,
  ipc: images / 3,
});

describe('a large distilled set', () => {
  for (const softLabels of [false, true])
    it(`is several files, each of which can be used${softLabels ? ', with learned labels' : ''}`, async () => {
      const store = new SmallStore();
      const whole = set(120, softLabels);
      const reference = await putDistilled(store, whole);
      assert.equal(reference.mediaType, partListMediaType);
      assert.deepEqual(await getDistilled(store, reference), whole);
      const parts = await partsOf(store, reference);
      assert.ok(parts.length > 2 && parts.every(({ bytes }) => bytes <= 4000));
      const [, second] = await Promise.all(parts.map(async (part) => decodeDistilled(await store.get(part))));
      assert.deepEqual(second!.images, whole.images.slice(second!.images.length, 2 * second!.images.length));
      assert.equal(second!.softLabels?.length, softLabels ? 3 * second!.labels.length : undefined);
    });

  it('that is not large is one file', async () => {
    const store = new SmallStore();
    const reference = await putDistilled(store, set(3, false));
    assert.deepEqual(store.keys(), [reference.key]);
    assert.deepEqual(await partsOf(store, reference), [reference]);
    assert.deepEqual(await getDistilled(store, reference), set(3, false));
  });

  it('is kept whole by garbage collection, and missed when a part is gone', async () => {
    const store = new SmallStore();
    const [candidate, result, forgotten] = [
      await putDistilled(store, set(120, false)),
      await putDistilled(store, set(150, false)),
      await putDistilled(store, set(180, false)),
    ];
    const engine = { name: 'none', oneDnn: false, threads: 1, cpu: 'none', device: 'cpu' };
    const numbers = { iteration: 3, loss: 1, learnedRate: 1, secondsPerIteration: 1, engine };
    await putChunk(store, 'unit', { ...numbers, checkpoint: candidate, candidate, metrics: candidate });
    await store.putManifest('stages/distill/k.json', { result });
    const wanted = [
      ...(await partsOf(store, candidate)),
      ...(await partsOf(store, result)),
      candidate,
      result,
    ].map(({ key }) => key);
    for (const key of store.keys()) if (key.startsWith('blobs/')) store.age(key, 30 * day);
    await collectGarbage(store);
    const blobs = store.keys().filter((key) => key.startsWith('blobs/'));
    assert.deepEqual(blobs, wanted.sort());
    await assert.rejects(getDistilled(store, forgotten), { code: 'Corrupt' });

    // Who builds on it makes it young again, parts and all.
    assert.ok(await findChunk(store, 'unit', 3));
    for (const { key } of await partsOf(store, candidate)) {
      const { lastModified } = (await store.stat(key))!;
      assert.ok(Date.now() - lastModified.getTime() < day);
    }
    const output = { type: 'select', result, method: 'random', count: 150 } as const;
    assert.deepEqual(await lostFrom(store, output), []);
    const [, lost] = await partsOf(store, result);
    await store.remove(lost!.key);
    assert.deepEqual(await lostFrom(store, output), [result]);
    const { findings } = await verifyStore(store);
    assert.deepEqual(
      findings.map(({ key, problem }) => [key, problem]),
      [[lost!.key, 'missing']],
    );
    const [gone] = await partsOf(store, candidate);
    await store.remove(gone!.key);
    assert.equal(await findChunk(store, 'unit', 3), undefined);
  });

  it('of which the list is no list is damaged', async () => {
    const store = new SmallStore();
    const list = await store.putBlob(new TextEncoder().encode('{"parts":[]}'), partListMediaType);
    await assert.rejects(getDistilled(store, list), { code: 'Corrupt', message: /is no list of parts/ });
  });
});
