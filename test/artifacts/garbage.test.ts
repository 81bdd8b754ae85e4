/**
 * @file Garbage collection takes what nothing refers to, and nothing else, also while others write; verification
 * finds what is damaged.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { putChunk } from '../../artifacts/distillations.js';
import { collectGarbage } from '../../artifacts/garbage.js';
import { definitionKey, stageKey } from '../../artifacts/layout.js';
import { openStore, type S3Store } from '../../artifacts/s3-store.js';
import { putStageManifest } from '../../artifacts/stages.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { TrajectoryWriter } from '../../artifacts/trajectory-writer.js';
import { verifyStore } from '../../artifacts/verify.js';
import { MemoryStore } from '../support/memory-store.js';
import { startSeaweed, type TestServer } from '../support/s3-servers.js';
import { tinyNetwork } from '../support/tiny.js';

const day = 24 * 3_600_000;
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const blob = (store: ArtifactStore, content: string) => store.putBlob(text(content), 'text/plain');
const tensors = new Map([['x', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }] as const]);
const engine = { name: 'none', oneDnn: false, threads: 1, cpu: 'none', device: 'cpu' };

/** One of everything: keys that a collection must leave alone, and keys that are garbage once they are old. */
async function furnish(store: ArtifactStore) {
  const kept: string[] = [];
  const garbage: string[] = [];
  const keep = async (content: string) => {
    const reference = await blob(store, content);
    kept.push(reference.key);
    return reference;
  };
  kept.push(definitionKey('0'.repeat(64)));
  await store.putObject(definitionKey('0'.repeat(64)), text('name: x'), 'application/yaml');
  kept.push('datasets/own.json', 'experts/one.json', 'evaluations/e.json', stageKey('distill', 'k'));
  await store.putManifest('datasets/own.json', { train: { shards: [await keep('shard')] } });
  await store.putManifest('evaluations/e.json', { accuracy: 1 });
  const head = { index: 0, seed: 1, network: tinyNetwork, parameters: [{ name: 'w', shape: [1] }] };
  const writer = new TrajectoryWriter(store, 'one', head);
  await writer.add(0, Float32Array.of(7));
  const { trajectory } = await writer.finish([0.5], []);
  kept.push(...trajectory.shards.map(({ object }) => object.key));
  const [result, metrics] = [await keep('result'), await keep('metrics')];
  await putStageManifest(store, {
    key: 'k',
    type: 'distill',
    output: { type: 'distill', result, metrics, iteration: 1, iterations: 1, learnedRate: 1, candidates: [] },
    ...{ workflowId: 'w', runId: 'r', finishedAt: 'now', seconds: 1 },
  });
  // A result folder, and what its record names beside its own files.
  kept.push('results/a/b/c/run.json', 'results/a/b/c/grid.png');
  await store.putObject('results/a/b/c/grid.png', text('grid'), 'image/png');
  const record = JSON.stringify({ stages: { scores: await keep('scores') } });
  await store.putObject('results/a/b/c/run.json', text(record), 'application/json');
  garbage.push((await blob(store, 'abandoned')).key);
  garbage.push((await store.putObject('probe/left', text('x'), 'text/plain')).key);
  return { kept, garbage };
}

/** A distillation and an expert half done: their checkpoints, a candidate, a shard. */
async function halfDone(store: ArtifactStore, name: string): Promise<string[]> {
  const [candidate, shard] = [await blob(store, `${name} candidate`), await blob(store, `${name} shard`)];
  const checkpoints = new Checkpoints(store, name, { goal: 9 });
  const checkpoint = await checkpoints.save(1, tensors, {
    shards: JSON.stringify([{ object: shard, epochs: [] }]),
  });
  const numbers = { iteration: 1, loss: 1, learnedRate: 1, secondsPerIteration: 1, engine };
  await putChunk(store, name, { ...numbers, checkpoint, candidate, metrics: candidate });
  return [candidate.key, shard.key, checkpoint.key, `distillations/${name}/0000000001.json`];
}

const keysOf = async (store: ArtifactStore): Promise<Set<string>> => {
  const keys = new Set<string>();
  for await (const { key } of store.list('')) keys.add(key);
  return keys;
};

describe('garbage collection', () => {
  it('removes what is old and referred to by nothing, and counts it', async () => {
    const store = new MemoryStore();
    const { kept, garbage } = await furnish(store);
    const left = await halfDone(store, 'left');
    for (const key of store.keys()) store.age(key, 30 * day);
    const live = await halfDone(store, 'live');
    for (const key of live.filter((part) => part.startsWith('blobs/'))) store.age(key, 30 * day);
    const young = await blob(store, 'not named yet');
    const all = store.keys();

    const counted = await collectGarbage(store, { dryRun: true });
    assert.deepEqual(store.keys(), all);
    const { removed, unreadable } = await collectGarbage(store);
    assert.deepEqual(removed, counted.removed);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(removed.map(({ kind, objects }) => `${objects} ${kind}`).sort(), [
      '1 checkpoints',
      '1 distillations',
      '1 probes',
      '3 blobs',
    ]);
    assert.deepEqual(store.keys(), [...kept, ...live, young.key].sort());
    assert.equal(all.length - store.keys().length, garbage.length + left.length);
  });

  it('is never so keen that it takes what is younger than a day', async () => {
    const store = new MemoryStore();
    const { key } = await blob(store, 'just written');
    store.age(key, 0.9 * day);
    await collectGarbage(store, { olderThanMs: 0 });
    assert.deepEqual(store.keys(), [key]);
    store.age(key, 1.1 * day);
    await collectGarbage(store, { olderThanMs: 0 });
    assert.deepEqual(store.keys(), []);
  });

  for (const key of ['experts/one.json', 'results/a/b/c/run.json']) {
    it(`removes no blob while a document that may refer to any is damaged (${key})`, async () => {
      const store = new MemoryStore();
      const { garbage } = await furnish(store);
      await store.putObject(key, text('{"half": '), 'application/json');
      for (const old of store.keys()) store.age(old, 30 * day);
      const { removed, unreadable } = await collectGarbage(store);
      assert.deepEqual(unreadable, [key]);
      assert.deepEqual(
        removed.map(({ kind }) => kind),
        ['probes'],
      );
      assert.ok(store.keys().includes(garbage[0] ?? ''));
    });
  }

  it('leaves alone what somebody takes up again meanwhile', async () => {
    class TakenUp extends MemoryStore {
      override async *list(prefix: string) {
        yield* super.list(prefix);
        // A run has just been started again, when the manifests are read.
        if (prefix === 'stages/') {
          await halfDone(this, 'again');
          await blob(this, 'abandoned');
        }
      }
    }
    const store = new TakenUp();
    const again = await halfDone(store, 'again');
    again.push((await blob(store, 'abandoned')).key);
    for (const key of store.keys()) store.age(key, 30 * day);
    // As `holds` does for whoever goes on from them.
    assert.deepEqual((await collectGarbage(store)).removed, []);
    assert.deepEqual(store.keys(), [...again].sort());
  });
});

describe('on a real store', () => {
  let server: TestServer;
  let store: S3Store;
  before(async () => {
    server = await startSeaweed();
    store = await openStore(server.settings);
  });
  after(async () => {
    store.close();
    await server.stop();
  });

  it('collects while a pipeline writes, and all that it refers to in the end is there', async () => {
    const { kept, garbage } = await furnish(store);
    const old = new Date(Date.now() + 30 * day);
    const done = new AbortController();
    const written: string[] = [];
    const pipeline = (async () => {
      for (let expert = 0; !done.signal.aborted; expert += 1) {
        const shard = await blob(store, `expert ${expert}`);
        await store.putManifest(`experts/e${expert}.json`, { shards: [{ object: shard }] });
        written.push(shard.key, `experts/e${expert}.json`);
      }
    })();
    // By the store's own clock everything is young.
    assert.deepEqual((await collectGarbage(store)).removed, []);
    for (let round = 0; round < 3; round += 1)
      await collectGarbage(store, { now: new Date(Date.now() + 3600_000) });
    done.abort();
    await pipeline;
    assert.ok(written.length > 4);
    await collectGarbage(store, { now: old });
    const there = await keysOf(store);
    for (const key of [...kept, ...written]) assert.ok(there.has(key), key);
    for (const key of garbage) assert.ok(!there.has(key), key);
    assert.deepEqual((await verifyStore(store)).findings, []);
  });

  it('is verified: what is damaged is named and removed, what is missing is named', async () => {
    const [first, second] = [await blob(store, 'first'), await blob(store, 'second')];
    await store.putManifest('stages/distill/v.json', { result: first, metrics: second });
    await store.putManifest('evaluations/v.json', { accuracy: 0.5 });
    const { key } = await new Checkpoints(store, 'verified').save(1, tensors);
    for (const spoiled of [first.key, key, 'evaluations/v.json'])
      await store.putObject(spoiled, text('spoiled'), 'text/plain');
    await store.remove(second.key);
    const { findings } = await verifyStore(store, { remove: true });
    assert.deepEqual(
      findings.map(({ key: found, problem }) => `${problem} ${found}`).sort(),
      [
        `damaged ${first.key}`,
        `damaged ${key}`,
        'damaged evaluations/v.json',
        `missing ${first.key}`,
        `missing ${second.key}`,
      ].sort(),
    );
    const there = await keysOf(store);
    for (const spoiled of [first.key, key, 'evaluations/v.json']) assert.ok(!there.has(spoiled));
  });
});
