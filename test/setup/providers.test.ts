/**
 * @file The order in which servers are looked for, and how a TensorFlow binding is judged and linked.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isLinkedTo, linkBinding, tryBinding } from '../../setup/binding.js';
import { parseProvisionNames } from '../../setup/index.js';
import { ensureS3, findMinio } from '../../setup/s3.js';
import { answers, ensureTemporal } from '../../setup/temporal.js';

const quiet = (): void => undefined;
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'distillery-providers-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A folder for PATH with programs of these names. */
function programs(...names: string[]): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const name of names) {
    writeFileSync(join(bin, name), '#!/bin/sh\n');
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

test('S3: an endpoint, else MinIO or its fork on PATH, else SeaweedFS on PATH', async () => {
  const all = programs('minio', 'silo', 'weed');
  assert.deepEqual(await ensureS3(folder, quiet, { PATH: all, S3_ENDPOINT: 'http://s3.example' }), {
    kind: 'endpoint',
    endpoint: 'http://s3.example',
  });
  const found = async (PATH: string) => {
    const provision = await ensureS3(folder, quiet, { PATH });
    assert.ok(provision.kind === 'binary');
    return [provision.path, provision.flavour];
  };
  assert.deepEqual(await found(all), [join(all, 'minio'), 'minio']);
  const fork = programs('silo', 'weed');
  assert.deepEqual(await found(fork), [join(fork, 'silo'), 'minio']);
  const weed = programs('weed');
  assert.deepEqual(await found(weed), [join(weed, 'weed'), 'seaweedfs']);
});

test('MinIO for contract tests is on PATH, or built into the cache, or absent', () => {
  const home = join(folder, 'home');
  assert.equal(findMinio(home, ''), undefined);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin', 'minio'), '', { mode: 0o755 });
  assert.equal(findMinio(home, ''), join(home, 'bin', 'minio'));
  const path = programs('minio');
  assert.equal(findMinio(home, path), join(path, 'minio'));
});

test('Temporal: an address that answers, else the command on PATH, and that is said', async () => {
  const PATH = programs('temporal');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal(await answers(address), true);
  assert.deepEqual(await ensureTemporal(folder, quiet, { PATH, TEMPORAL_ADDRESS: address }), {
    kind: 'address',
    address,
  });
  server.close();
  await once(server, 'close');
  const lines: string[] = [];
  assert.deepEqual(
    await ensureTemporal(folder, (line) => lines.push(line), { PATH, TEMPORAL_ADDRESS: address }),
    { kind: 'binary', path: join(PATH, 'temporal'), source: 'path' },
  );
  assert.match(lines.join('\n'), new RegExp(`TEMPORAL_ADDRESS=${address} does not answer`));
  assert.equal(await answers('not an address'), false);
});

test('a binding that is missing or damaged is told from one that loads', async () => {
  const path = join(folder, 'tfjs_binding.node');
  assert.deepEqual(await tryBinding(path), { reason: 'it is not there' });
  writeFileSync(path, 'not a library');
  const damaged = await tryBinding(path);
  assert.ok('reason' in damaged);
  assert.match(damaged.reason, /Error: .*tfjs_binding\.node/);
});

test('the package is linked to a binding in the cache, and again to another one', () => {
  const site = { packageFolder: folder, binding: join(folder, 'lib', 'napi-v8', 'tfjs_binding.node') };
  const [first, second] = ['first.node', 'second.node'].map((name) => join(folder, name)) as [string, string];
  for (const path of [first, second]) writeFileSync(path, path);
  assert.equal(isLinkedTo(site, first), false);
  linkBinding(site, first);
  assert.equal(isLinkedTo(site, first), true);
  linkBinding(site, second);
  assert.equal(isLinkedTo(site, second), true);
  rmSync(second);
  assert.equal(isLinkedTo(site, second), false, 'a link to nowhere');
});

test('only known things can be set up', () => {
  assert.deepEqual(parseProvisionNames('engine, s3'), ['engine', 's3']);
  assert.throws(() => parseProvisionNames('engin'), { message: /choose from temporal, s3, engine/ });
});
