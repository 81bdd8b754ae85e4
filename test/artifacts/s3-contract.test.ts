/**
 * @file What distillery needs of an S3 store, checked against each real server that this machine has.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sha256 } from '../../artifacts/digest.js';
import { encodeManifest } from '../../artifacts/manifest.js';
import { S3Client } from '../../artifacts/s3-client.js';
import { openStore, S3Store } from '../../artifacts/s3-store.js';
import { startBlackHole, startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import type { StoredObject } from '../../artifacts/store.js';
import { minioStarter, startSeaweed, type TestServer } from '../support/s3-servers.js';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe('S3 contract on SeaweedFS', () => contract(startSeaweed));
const startMinio = minioStarter();
if (startMinio !== undefined) describe('S3 contract on MinIO', () => contract(startMinio));

function contract(start: () => Promise<TestServer>): void {
  let server: TestServer;
  let proxy: FaultProxy;
  let store: S3Store;
  let faulty: S3Store;
  let raw: S3Client;
  before(async () => {
    server = await start();
    proxy = await startFaultProxy(server.settings.endpoint);
    store = await openStore(server.settings);
    faulty = new S3Store({ ...server.settings, endpoint: proxy.endpoint, silenceMs: 300, patienceMs: 5000 });
    raw = new S3Client(server.settings);
  });
  after(async () => {
    for (const open of [store, faulty, raw]) open.close();
    await proxy.close();
    await server.stop();
  });

  test('a blob is read back whole, by range, and is one object however often it is put', async () => {
    const bytes = new Uint8Array(randomBytes(100_000));
    const reference = await store.putBlob(bytes, 'application/octet-stream');
    assert.equal(reference.key, `blobs/sha256/${reference.sha256.slice(0, 2)}/${sha256(bytes)}`);
    assert.deepEqual(await store.putBlob(bytes, 'application/octet-stream'), reference);
    assert.deepEqual(await store.get(reference), bytes);
    const part = bytes.slice(1000, 1777);
    const range = { offset: 1000, length: 777, sha256: sha256(part) };
    assert.deepEqual(await store.getRange(reference, range), part);
    await assert.rejects(store.getRange(reference, { ...range, offset: 999 }), { code: 'Corrupt' });
    await assert.rejects(store.getRange(reference, { ...range, offset: 2 ** 30 }), { code: 'Corrupt' });
  });

  test('an object may be empty, may be replaced, and may have 64 MiB but not more', async () => {
    await store.putObject('sizes/empty.bin', new Uint8Array(), 'text/plain');
    assert.deepEqual(await store.getObject('sizes/empty.bin'), new Uint8Array());
    await store.putObject('sizes/empty.bin', text('full'), 'text/plain');
    assert.deepEqual(await store.getObject('sizes/empty.bin'), text('full'));
    const largest = new Uint8Array(64 * 1024 * 1024).fill(7);
    const reference = await store.putObject('sizes/largest.bin', largest, 'text/plain');
    assert.equal(sha256(await store.get(reference)), reference.sha256);
    await store.remove(reference.key);
    const larger = new Uint8Array(largest.length + 1);
    await assert.rejects(store.putObject('sizes/larger.bin', larger, 'text/plain'), {
      code: 'StoreRefused',
      message: /Split it into shards/,
    });
    assert.equal(await store.getObject('sizes/larger.bin'), undefined);
  });

  test('of 16 racing writes of a manifest one wins and the others see it', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, writer) => store.putManifest('race/one.json', { writer })),
    );
    assert.equal(outcomes.filter(({ created }) => created).length, 1);
    const winner = outcomes.findIndex(({ created }) => created);
    const stored = await store.getManifest('race/one.json');
    assert.ok(stored);
    assert.deepEqual(stored.body, { writer: winner });
    for (const { reference } of outcomes) assert.deepEqual(reference, stored.reference);
  });

  test('objects are listed by prefix, in key order, across pages', async () => {
    const keys = Array.from({ length: 1100 }, (_, i) => `many/${i % 3 === 0 ? 'a.d/b' : 'a'}-${i}.json`);
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => store.putObject(key, text('x'), 'text/plain')));
    }
    const listed: StoredObject[] = [];
    for await (const object of store.list('many/')) listed.push(object);
    assert.deepEqual(
      listed.map(({ key }) => key),
      [...keys].sort(),
    );
    assert.ok(listed.every(({ bytes }) => bytes === 1));
    assert.ok(listed.every(({ lastModified }) => Math.abs(lastModified.getTime() - Date.now()) < 600_000));
    const some: string[] = [];
    for await (const { key } of store.list('many/a-10')) some.push(key);
    assert.deepEqual(some, keys.filter((key) => key.startsWith('many/a-10')).sort());
  });

  test('what is not there is undefined, removing it is nothing, a reference to it is Corrupt', async () => {
    assert.equal(await store.getObject('no/such.json'), undefined);
    assert.equal(await store.getManifest('no/such.json'), undefined);
    await store.remove('no/such.json');
    const reference = { key: 'no/such.json', sha256: sha256('x'), bytes: 1, mediaType: 'text/plain' };
    await assert.rejects(store.get(reference), { code: 'Corrupt', message: /no\/such\.json.*found nothing/ });
  });

  test('a damaged object is found on read, with key, expected and found digest', async () => {
    const reference = await store.putBlob(text('as it should be'), 'text/plain');
    const damaged = text('as it shoulD be');
    await raw.put(reference.key, damaged, 'text/plain');
    await assert.rejects(store.get(reference), (error: Error) => {
      for (const part of [reference.key, reference.sha256, sha256(damaged)])
        assert.ok(error.message.includes(part));
      return error.name === 'Corrupt';
    });
    await store.putBlob(text('as it should be'), 'text/plain');
    assert.deepEqual(await store.get(reference), text('as it should be'));
  });

  test('a damaged manifest is refused on read and replaced on write', async () => {
    await raw.put('damaged/one.json', encodeManifest({ a: 1 }).fill(0x20, 20, 30), 'text/plain');
    await assert.rejects(store.getManifest('damaged/one.json'), {
      code: 'Corrupt',
      message: /damaged\/one\.json/,
    });
    assert.equal((await store.putManifest('damaged/one.json', { a: 2 })).created, true);
    assert.deepEqual((await store.getManifest('damaged/one.json'))?.body, { a: 2 });
  });

  test('wrong credentials and a missing bucket are refused at once, with advice and without secrets', async () => {
    const wrong: [object, RegExp][] = [
      [{ accessKeyId: 'nobodyknowsme' }, /check AWS_ACCESS_KEY_ID/],
      [{ secretAccessKey: 'this-is-not-the-secret' }, /check AWS_SECRET_ACCESS_KEY/],
      [{ bucket: 'some-other-bucket' }, /NoSuchBucket.*set S3_BUCKET/],
    ];
    for (const [change, advice] of wrong) {
      const began = performance.now();
      const settings = { ...server.settings, ...change };
      await assert.rejects(openStore(settings), (error: Error) => {
        assert.match(error.message, advice);
        assert.ok(
          !error.message.includes(settings.secretAccessKey) && !error.message.includes(settings.accessKeyId),
        );
        return error.name === 'StoreRefused';
      });
      assert.ok(performance.now() - began < 3000);
    }
  });

  test('a bucket is created when asked for', async () => {
    const settings = { ...server.settings, bucket: 'made-on-request' };
    const made = await openStore(settings, { createBucket: true });
    assert.equal((await made.putManifest('x/y.json', 1)).created, true);
    made.close();
  });

  test('who only reads writes no probe and is soon told that nobody answers', async () => {
    const reader = await openStore({ ...server.settings, bucket: 'not-made' }, { readOnly: true });
    await assert.rejects(reader.list('').next(), {
      name: 'StoreRefused',
      message: /^Cannot list objects at .*NoSuchBucket/,
    });
    reader.close();
    const lost = await openStore({ ...server.settings, endpoint: 'http://127.0.0.1:1' }, { readOnly: true });
    const began = performance.now();
    await assert.rejects(lost.list('').next(), { name: 'StoreUnavailable' });
    assert.ok(performance.now() - began < 20_000);
    lost.close();
  });

  test('503, resets, silence and truncation pass by unnoticed', async () => {
    const busy = { kind: 'answer', status: 503, code: 'SlowDown' } as const;
    const bytes = new Uint8Array(randomBytes(50_000));
    proxy.fail('PUT', busy, 'reset', 'silence', 'lose-answer');
    const reference = await faulty.putObject('faults/a.bin', bytes, 'text/plain');
    proxy.fail('GET', busy, 'truncate', 'reset', 'silence', 'flip');
    assert.deepEqual(await faulty.get(reference), bytes);
  });

  test('a manifest whose acknowledgement was lost counts as written by this call', async () => {
    proxy.fail('PUT', 'lose-answer');
    assert.equal((await faulty.putManifest('lost/one.json', { a: 1 })).created, true);
    proxy.fail('PUT', { kind: 'answer', status: 500, code: 'InternalError' });
    const second = await faulty.putManifest('lost/one.json', { a: 2 });
    assert.equal(second.created, false);
    assert.deepEqual((await store.getManifest('lost/one.json'))?.body, { a: 1 });
  });

  test('a request is sent once where it succeeds, and no second time behind our back where it fails', async () => {
    const hasty = new S3Store({ ...server.settings, endpoint: proxy.endpoint, patienceMs: 0 });
    const busy = { kind: 'answer', status: 503, code: 'SlowDown' } as const;
    const before = proxy.requests.length;
    await hasty.putObject('once/a.bin', text('a'), 'text/plain');
    assert.equal(proxy.requests.length, before + 1);
    proxy.fail('PUT', busy, busy);
    await assert.rejects(hasty.putObject('once/a.bin', text('a'), 'text/plain'), {
      code: 'StoreUnavailable',
      message: /once\/a\.bin at http.*SlowDown/,
    });
    assert.equal(proxy.requests.length, before + 3);
    hasty.close();
  });

  test('a store that never answers is given up in time, and at once when told to stop', async () => {
    const hole = await startBlackHole();
    const settings = { ...server.settings, endpoint: hole.endpoint, silenceMs: 200, patienceMs: 300 };
    const began = performance.now();
    await assert.rejects(new S3Store(settings).getObject('a/b'), {
      code: 'StoreUnavailable',
      message: /no answer.*Check that the store runs/,
    });
    assert.ok(performance.now() - began < 3000);
    const controller = new AbortController();
    const stopping = new S3Store({ ...settings, silenceMs: 60_000, signal: controller.signal });
    const reading = assert.rejects(stopping.getObject('a/b'), { message: 'enough' });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await reading;
    await hole.close();
  });
}
