/**
 * @file Every kind of stored object with every kind of damage, on a real store: it is found, named, and either
 * refused or made anew; nothing wrong is ever used.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { sha256 } from '../../artifacts/digest.js';
import { findChunk, putChunk, type StoredChunk } from '../../artifacts/distillations.js';
import { findEvaluation, putEvaluation } from '../../artifacts/evaluations.js';
import { chunkKey, evaluationKey, expertKey, stageKey } from '../../artifacts/layout.js';
import type { Reference } from '../../artifacts/reference.js';
import { openStore, type S3Store } from '../../artifacts/s3-store.js';
import { readSnapshot } from '../../artifacts/snapshots.js';
import { getStageManifest, putStageManifest } from '../../artifacts/stages.js';
import { findTrajectory, getTrajectorySet, putTrajectorySet } from '../../artifacts/trajectories.js';
import { TrajectoryWriter } from '../../artifacts/trajectory-writer.js';
import { importDataset } from '../../datasets/import.js';
import { loadDataset } from '../../datasets/load.js';
import type { StageManifest } from '../../definition/stages.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { startSeaweed, type TestServer } from '../support/s3-servers.js';
import { tinyClasses, tinyNetwork, tinyShape } from '../support/tiny.js';

const damages: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  'with a flipped bit': (bytes) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 4 : byte)),
  'cut short': (bytes) => bytes.slice(0, -3),
  empty: () => new Uint8Array(),
  missing: () => undefined,
};

const engine = { name: 'none', oneDnn: false, threads: 1, cpu: 'none', device: 'cpu' };

let server: TestServer;
let store: S3Store;
let unit = 0;
before(async () => {
  server = await startSeaweed();
  store = await openStore(server.settings);
});
after(async () => {
  store.close();
  await server.stop();
});

async function spoil(key: string, damage: string): Promise<Uint8Array | undefined> {
  const bytes = await store.getObject(key);
  assert.ok(bytes, `${key} is there`);
  const spoiled = damages[damage]?.(bytes);
  if (spoiled === undefined) await store.remove(key);
  else await store.putObject(key, spoiled, 'application/octet-stream');
  return spoiled;
}

async function expert(): Promise<{ key: string; write: () => ReturnType<TrajectoryWriter['finish']> }> {
  const own = `expert-${(unit += 1)}`;
  const head = { index: 0, seed: unit, network: tinyNetwork, parameters: [{ name: 'w', shape: [3] }] };
  const write = async () => {
    const writer = new TrajectoryWriter(store, own, head);
    await writer.add(0, Float32Array.of(unit, 1, 2));
    return writer.finish([0.5], []);
  };
  return Promise.resolve({ key: expertKey(own), write });
}

/** Objects that are read by their reference: damage is an error that names key, expected and found. */
const referenced: Readonly<
  Record<string, () => Promise<{ object: Reference; read: () => Promise<unknown> }>>
> = {
  'a blob': async () => {
    const object = await store.putBlob(new TextEncoder().encode(`blob ${(unit += 1)}`), 'text/plain');
    return { object, read: () => store.get(object) };
  },
  'a trajectory shard': async () => {
    const { trajectory } = await (await expert()).write();
    const [shard] = trajectory.shards;
    assert.ok(shard);
    // The middle of the object is in its header, which is not what a snapshot is read from.
    return { object: shard.object, read: () => store.get(shard.object) };
  },
  'a snapshot of an expert': async () => {
    const head = {
      index: 0,
      seed: (unit += 1),
      network: tinyNetwork,
      parameters: [{ name: 'w', shape: [500] }],
    };
    const writer = new TrajectoryWriter(store, `snapshot-${unit}`, head);
    await writer.add(0, new Float32Array(500).fill(unit));
    const { trajectory } = await writer.finish([0.5], []);
    const [shard] = trajectory.shards;
    assert.ok(shard);
    return { object: shard.object, read: () => readSnapshot(store, trajectory, 0) };
  },
  'a trajectory set': async () => {
    const set = {
      kind: 'trajectory-set',
      network: tinyNetwork,
      parameterCount: 3,
      epochs: 0,
      trajectories: [],
    } as const;
    const object = await putTrajectorySet(store, `set-${(unit += 1)}`, set);
    return { object, read: () => getTrajectorySet(store, object) };
  },
};

/** Objects that are looked for by their key: damage means that they are made anew, and nothing blocks that. */
const soughtAfter: Readonly<
  Record<string, () => Promise<{ key: string; find: () => Promise<unknown>; put: () => Promise<unknown> }>>
> = {
  'an expert’s manifest': async () => {
    const { key, write } = await expert();
    return {
      key,
      find: () => findTrajectory(store, key.slice('experts/'.length, -'.json'.length)),
      put: write,
    };
  },
  'an evaluation': () => {
    const own = `evaluation-${(unit += 1)}`;
    const put = () => putEvaluation(store, own, { accuracy: 0.5, loss: 1, engine });
    return Promise.resolve({ key: evaluationKey(own), find: () => findEvaluation(store, own), put });
  },
  'a chunk of a distillation': async () => {
    const own = `distillation-${(unit += 1)}`;
    const blob = await store.putBlob(new TextEncoder().encode(own), 'text/plain');
    const numbers = { loss: 1, learnedRate: 0.1, secondsPerIteration: 1 };
    const chunk: StoredChunk = {
      iteration: 5,
      checkpoint: blob,
      candidate: blob,
      metrics: blob,
      ...numbers,
      engine,
    };
    return {
      key: chunkKey(own, 5),
      find: () => findChunk(store, own, 5),
      put: () => putChunk(store, own, chunk),
    };
  },
  'a stage’s manifest': () => {
    const own = `stage-${(unit += 1)}`;
    const scores = { key: 'blobs/x', sha256: '0'.repeat(64), bytes: 1, mediaType: 'text/plain' };
    const where = { workflowId: 'w', runId: 'r', finishedAt: '2026-01-01T00:00:00.000Z', seconds: 1 };
    const manifest: StageManifest = {
      key: own,
      type: 'evaluate',
      output: { type: 'evaluate', scores, rows: [] },
      ...where,
    };
    return Promise.resolve({
      key: stageKey('evaluate', own),
      find: () => getStageManifest(store, 'evaluate', own),
      put: () => putStageManifest(store, manifest),
    });
  },
};

for (const damage of Object.keys(damages)) {
  describe(`what is ${damage}`, () => {
    for (const [kind, make] of Object.entries(referenced)) {
      it(`is refused by name: ${kind}`, async () => {
        const { object, read } = await make();
        await read();
        const found = await spoil(object.key, damage);
        // A snapshot is a part of its shard and says what that part should be.
        const whole =
          kind === 'a snapshot of an expert' ? [] : [object.sha256, ...(found ? [sha256(found)] : [])];
        await assert.rejects(read(), (error: Error) => {
          assert.equal(error.name, 'Corrupt');
          for (const part of [object.key, 'expected', 'found', ...whole])
            assert.ok(error.message.includes(part), `${part} in ${error.message}`);
          return true;
        });
      });
    }

    for (const [kind, make] of Object.entries(soughtAfter)) {
      it(`is made anew: ${kind}`, async () => {
        const { key, find, put } = await make();
        assert.equal(await find(), undefined);
        await put();
        const good = await find();
        assert.ok(good);
        await spoil(key, damage);
        assert.equal(await find(), undefined);
        await put();
        assert.deepEqual(await find(), good);
      });
    }

    it('is passed over for the one before: a checkpoint', async () => {
      const passed: string[] = [];
      const checkpoints = new Checkpoints(store, `checkpoint-${(unit += 1)}`, {
        onDamaged: (key) => passed.push(key),
      });
      const state = (value: number) =>
        new Map([['x', { dtype: 'F32', shape: [1], data: Float32Array.of(value) }] as const]);
      await checkpoints.save(1, state(1));
      const { key } = await checkpoints.save(2, state(2));
      await spoil(key, damage);
      assert.equal((await checkpoints.newest())?.sequence, 1);
      assert.deepEqual(passed, damage === 'missing' ? [] : [key]);
    });

    it('is refused by name: a shard of a data set, and its manifest', async (t) => {
      const folder = await temporaryFolder(t);
      unit += 1;
      await writeIdxFolder(
        folder,
        bandImages(20, tinyClasses, tinyShape, unit),
        bandImages(8, tinyClasses, tinyShape, 2),
      );
      const { reference, manifest } = await importDataset(store, folder, { name: `data-${unit}` });
      for (const object of [manifest.train.shards[0], reference]) {
        assert.ok(object);
        await spoil(object.key, damage);
        await assert.rejects(loadDataset(store, reference), (error: Error) => {
          assert.ok(error.message.includes(object.key), error.message);
          return error.name === 'Corrupt';
        });
      }
      // Imported again, it is whole again.
      const again = await importDataset(store, folder, { name: `data-${unit}` });
      assert.deepEqual(again.reference, reference);
      await loadDataset(store, reference);
    });
  });
}
