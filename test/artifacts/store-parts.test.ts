/**
 * @file The parts of the store that need no server.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { canonicalJson, unitKey } from '../../artifacts/canonical-json.js';
import { checkKey, checkpointKey, parseCheckpointKey, resultPrefix } from '../../artifacts/layout.js';
import { decodeManifest, encodeManifest } from '../../artifacts/manifest.js';
import { persist } from '../../artifacts/patience.js';
import { parseEndpoint, storeSettings } from '../../artifacts/s3-settings.js';

test('equal values have one canonical spelling', () => {
  assert.equal(
    canonicalJson({ b: [1, null, 'é'], a: { d: 0.1, c: -0 } }),
    '{"a":{"c":0,"d":0.1},"b":[1,null,"é"]}',
  );
  assert.equal(canonicalJson({ x: undefined, y: 1 }), canonicalJson({ y: 1 }));
  assert.equal(unitKey({ a: 1, b: 2 }), unitKey({ b: 2, a: 1 }));
  assert.notEqual(unitKey({ a: 1 }), unitKey({ a: '1' }));
  assert.match(unitKey([]), /^[0-9a-f]{64}$/);
});

test('what JSON cannot carry is refused, with its place', () => {
  for (const value of [NaN, Infinity, 1n, () => 1, new Date(), new Uint8Array(1), undefined]) {
    assert.throws(() => canonicalJson({ deep: [0, value] }), {
      name: 'TypeError',
      message: /^\$\.deep\[1\]/,
    });
  }
});

test('a manifest is refused when a single character of it has changed', () => {
  const bytes = encodeManifest({ name: 'a', count: 12 });
  assert.deepEqual(decodeManifest(bytes, 'k'), { name: 'a', count: 12 });
  const changed = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('12', '13'));
  assert.throws(() => decodeManifest(changed, 'some/key.json'), {
    code: 'Corrupt',
    message: /some\/key\.json.*expected sha256 "[0-9a-f]{64}", found [0-9a-f]{64}/,
  });
  for (const broken of ['', '{', 'null', '[]', '{"body":1}']) {
    assert.throws(() => decodeManifest(new TextEncoder().encode(broken), 'k'), { code: 'Corrupt' });
  }
});

test('keys that some store would mishandle are refused', () => {
  for (const key of ['a/b.json', 'blobs/sha256/ab/cd', 's-0001', 'e-0007/x_y.z']) checkKey(key);
  for (const key of [
    '',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    './a',
    'A/b',
    'a b',
    'é',
    '0012',
    '1e5',
    '0x1f',
    'a'.repeat(901),
  ]) {
    assert.throws(() => checkKey(key), { code: 'StoreRefused' }, JSON.stringify(key));
  }
  assert.equal(resultPrefix('My Run: ÄÖ!', 'a/b[ipc=1]', '0193-ab'), 'results/my-run/a-b-ipc-1/0193-ab/');
});

test('a checkpoint’s key carries its number and digest', () => {
  const sha256 = 'ab'.repeat(32);
  const key = checkpointKey('unit', 120, sha256, undefined);
  assert.equal(key, `checkpoints/unit/s-0000000120-${sha256}.safetensors`);
  assert.deepEqual(parseCheckpointKey(key), { sequence: 120, sha256 });
  assert.equal(parseCheckpointKey('checkpoints/unit/other.txt'), undefined);
  assert.ok(checkpointKey('u', 9, sha256, 20) < checkpointKey('u', 10, sha256, 20));
  assert.deepEqual(parseCheckpointKey(checkpointKey('u', 9, sha256, 20)), { sequence: 9, sha256 });
});

test('settings come from the environment, secrets from files too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'secret');
  await writeFile(file, 'from-file\n');
  const environment = {
    S3_ENDPOINT: 'http://s3:9000',
    S3_BUCKET: '',
    AWS_ACCESS_KEY_ID: 'me',
    AWS_SECRET_ACCESS_KEY_FILE: file,
  };
  assert.deepEqual(await storeSettings(environment), {
    endpoint: 'http://s3:9000',
    bucket: 'distillery',
    region: 'us-east-1',
    accessKeyId: 'me',
    secretAccessKey: 'from-file',
  });
  const lacking: [NodeJS.ProcessEnv, RegExp][] = [
    [{ ...environment, S3_ENDPOINT: undefined }, /^S3_ENDPOINT is not set/],
    [
      { ...environment, AWS_ACCESS_KEY_ID: undefined },
      /^AWS_ACCESS_KEY_ID is not set.*AWS_ACCESS_KEY_ID_FILE/,
    ],
    [{ ...environment, AWS_SECRET_ACCESS_KEY_FILE: join(folder, 'none') }, /cannot read .*none \(ENOENT\)/],
  ];
  for (const [changed, message] of lacking) {
    await assert.rejects(storeSettings(changed), { code: 'StoreRefused', message });
  }
});

test('an endpoint is an address and nothing more', () => {
  assert.deepEqual(parseEndpoint('http://127.0.0.1:9000'), { host: '127.0.0.1', port: 9000, tls: false });
  assert.deepEqual(parseEndpoint('https://s3.example.org'), { host: 's3.example.org', tls: true });
  assert.deepEqual(parseEndpoint('http://[::1]:9000/'), { host: '::1', port: 9000, tls: false });
  for (const wrong of ['127.0.0.1:9000', 's3://bucket', 'http://s3:9000/bucket', '']) {
    assert.throws(() => parseEndpoint(wrong), { code: 'StoreRefused' }, wrong);
  }
  assert.throws(
    () => parseEndpoint('http://user:hunter2@s3:9000'),
    (error: Error) => {
      return /holds credentials/.test(error.message) && !error.message.includes('hunter2');
    },
  );
});

test('passing failures are tried again while the patience lasts, others never', async () => {
  let attempts = 0;
  const succeedsLater = async (number: number): Promise<string> => {
    attempts += 1;
    if (number < 3) throw new Error('passing');
    return Promise.resolve('done');
  };
  assert.equal(await persist({ patienceMs: 10_000 }, succeedsLater, () => true), 'done');
  assert.equal(attempts, 4);
  attempts = 0;
  await assert.rejects(
    persist({ patienceMs: 10_000 }, succeedsLater, () => false),
    { message: 'passing' },
  );
  assert.equal(attempts, 1);
  attempts = 0;
  const never = (): Promise<string> => Promise.reject(new Error(`attempt ${(attempts += 1)}`));
  await assert.rejects(
    persist({ patienceMs: 250 }, never, () => true),
    { message: /attempt [3-9]/ },
  );
});

test('waiting ends when told to', async () => {
  const signal = AbortSignal.timeout(30);
  const began = performance.now();
  const never = (): Promise<string> => Promise.reject(new Error('passing'));
  await assert.rejects(
    persist({ patienceMs: 60_000, signal }, never, () => true),
    { name: 'TimeoutError' },
  );
  assert.ok(performance.now() - began < 5000);
});
