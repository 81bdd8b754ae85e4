/**
 * @file The policy for S3 allows what distillery asks of a store, and nothing else: every kind of request that
 * the store makes is watched on its way to a real server and held against the policy; where this machine has
 * MinIO, which knows such policies, it enforces this one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from 'minio';
import { AssumeRoleProvider } from 'minio/dist/esm/AssumeRoleProvider.mjs';
import type { StoreSettings } from '../../artifacts/s3-settings.js';
import { openStore, type S3Store } from '../../artifacts/s3-store.js';
import { packageRoot } from '../../setup/package-root.js';
import { startFaultProxy, type ProxiedRequest } from '../support/fault-proxy.js';
import { minioStarter, startSeaweed, type TestServer } from '../support/s3-servers.js';

interface Policy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
  }[];
}

const policyText = readFileSync(join(packageRoot(), 'deploy', 's3-policy.json'), 'utf8');
const policy = JSON.parse(policyText) as Policy;

/** The permission that AWS asks for; its own documents say which request needs which. */
function permissionOf({ method, path }: ProxiedRequest): string {
  const object = path.replace(/^\/[^/]+\/?/, '') !== '';
  const permission = {
    GET: object ? 's3:GetObject' : 's3:ListBucket',
    HEAD: object ? 's3:GetObject' : 's3:ListBucket',
    PUT: object ? 's3:PutObject' : 's3:CreateBucket',
    DELETE: object ? 's3:DeleteObject' : 's3:DeleteBucket',
  }[method];
  assert.ok(permission, `${method} ${path}`);
  return `${permission} on ${object ? 'objects' : 'the bucket'}`;
}

/** Everything that there is to do with a store. */
async function useAll(store: S3Store): Promise<void> {
  const bytes = new Uint8Array([1, 2, 3]);
  const reference = await store.putBlob(bytes, 'application/octet-stream');
  assert.deepEqual(await store.get(reference), bytes);
  const range = { offset: 0, length: 3, sha256: reference.sha256 };
  assert.deepEqual(await store.getRange(reference, range), bytes);
  assert.equal((await store.putManifest('stages/one.json', { one: 1 })).created, true);
  assert.equal((await store.putManifest('stages/one.json', { two: 2 })).created, false);
  assert.deepEqual((await store.getManifest('stages/one.json'))?.body, { one: 1 });
  const found: string[] = [];
  for (const prefix of ['blobs/', 'stages/']) {
    for await (const { key } of store.list(prefix)) found.push(key);
  }
  assert.deepEqual(found, [reference.key, 'stages/one.json']);
  for (const key of found) await store.remove(key);
  assert.equal(await store.getManifest('stages/one.json'), undefined);
}

test('the policy is what a store with an existing bucket asks for, no more and no less', async (t) => {
  const server = await startSeaweed();
  t.after(() => server.stop());
  const asked = new Set<string>();
  const proxy = await startFaultProxy(server.settings.endpoint, {
    received: (request) => asked.add(permissionOf(request)),
  });
  t.after(() => proxy.close());
  // As a worker opens it: it looks for the bucket, and tries it with an object.
  const store = await openStore({ ...server.settings, endpoint: proxy.endpoint }, { createBucket: true });
  t.after(() => store.close());
  await useAll(store);

  const allowed = policy.Statement.flatMap(({ Effect, Action, Resource }) => {
    assert.equal(Effect, 'Allow');
    assert.equal(Resource.length, 1);
    const place = Resource[0]?.endsWith('/*') === true ? 'objects' : 'the bucket';
    return Action.map((action) => `${action} on ${place}`);
  });
  assert.deepEqual([...asked].sort(), allowed.sort());
  for (const action of allowed) assert.doesNotMatch(action, /\*/);
});

const startMinio = minioStarter();
test(
  'with the policy enforced a store does all of its work, and nothing else can be done',
  { skip: startMinio === undefined ? 'there is no MinIO on this machine' : false },
  async (t) => {
    assert.ok(startMinio);
    const server = await startMinio();
    t.after(() => server.stop());
    const { endpoint, bucket = '' } = server.settings;
    const owner = clientOf(server.settings);
    await owner.makeBucket('another');
    await owner.putObject('another', 'secret', Buffer.from('secret'));
    const worker = await restricted(server);
    const store = await openStore(worker, { createBucket: true });
    t.after(() => store.close());
    await useAll(store);

    const stranger = clientOf(worker);
    const denied = { code: 'AccessDenied' };
    await assert.rejects(stranger.getObject('another', 'secret'), denied);
    await assert.rejects(stranger.putObject('another', 'mine', Buffer.from('mine')), denied);
    await assert.rejects(stranger.makeBucket('third'), denied);
    await assert.rejects(stranger.removeBucket(bucket), denied);
    await assert.rejects(stranger.setBucketPolicy(bucket, policyText), denied);
    await assert.rejects(openStore({ ...worker, bucket: 'third' }, { createBucket: true }), {
      code: 'StoreRefused',
      message: new RegExp(`third.*${new URL(endpoint).host}|${new URL(endpoint).host}.*third`, 's'),
    });
  },
);

/** Credentials that may do what the policy says of the server's bucket, by its token service. */
async function restricted({ settings }: TestServer): Promise<StoreSettings> {
  const { bucket = '' } = settings;
  const provider = new AssumeRoleProvider({
    stsEndpoint: settings.endpoint,
    accessKey: settings.accessKeyId,
    secretKey: settings.secretAccessKey,
    policy: policyText.replaceAll('arn:aws:s3:::distillery', `arn:aws:s3:::${bucket}`),
    ...(settings.region === undefined ? {} : { region: settings.region }),
  });
  const credentials = await provider.getCredentials();
  return {
    ...settings,
    accessKeyId: credentials.getAccessKey(),
    secretAccessKey: credentials.getSecretKey(),
    sessionToken: credentials.getSessionToken() ?? '',
  };
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey, sessionToken }: StoreSettings): Client {
  const { hostname, port } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    ...(region === undefined ? {} : { region }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
}
