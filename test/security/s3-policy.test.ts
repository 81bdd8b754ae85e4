/**
 * @file The policy for S3 allows what distillery asks of a store, and nothing else: every kind of request that
 * the store makes is watched on its way to a real server and held against the policy.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../artifacts/s3-store.js';
import { packageRoot } from '../../setup/package-root.js';
import { startFaultProxy, type ProxiedRequest } from '../support/fault-proxy.js';
import { startSeaweed } from '../support/s3-servers.js';

interface Policy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
  }[];
}

const policy = JSON.parse(readFileSync(join(packageRoot(), 'deploy', 's3-policy.json'), 'utf8')) as Policy;

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
  const reference = await store.putBlob(new Uint8Array([1, 2, 3]), 'application/octet-stream');
  await store.get(reference);
  await store.getRange(reference, { offset: 0, length: 3, sha256: reference.sha256 });
  for await (const { key } of store.list('blobs/')) await store.remove(key);

  const allowed = policy.Statement.flatMap(({ Effect, Action, Resource }) => {
    assert.equal(Effect, 'Allow');
    assert.equal(Resource.length, 1);
    const place = Resource[0]?.endsWith('/*') === true ? 'objects' : 'the bucket';
    return Action.map((action) => `${action} on ${place}`);
  });
  assert.deepEqual([...asked].sort(), allowed.sort());
  for (const action of allowed) assert.doesNotMatch(action, /\*/);
});
