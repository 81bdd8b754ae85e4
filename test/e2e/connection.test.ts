/**
 * @file Temporal's environment configuration, as workers and commands use it: a profile of a file with TLS on
 * both sides, an API key and further headers, before a real server; and what is said when it does not fit.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectTemporal } from '../../cli/temporal/connect.js';
import { connectWorker } from '../../worker/connection.js';
import { startTemporal, type RunningTemporal } from '../../servers/temporal.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporal } from '../../setup/temporal.js';
import { makeAuthority } from '../support/certificates.js';
import { CommandProcess } from '../support/command.js';
import { quietRuntime } from '../support/temporal.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';

let server: RunningTemporal;
let folder: string;
let proxy: TlsProxy;
let file: string;

/** Without what this process may have been given. */
const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|DISTILLERY_CODEC)_/.test(name)),
);

before(async () => {
  quietRuntime();
  folder = await mkdtemp(join(tmpdir(), 'distillery-tls-'));
  const provision = await ensureTemporal(distilleryHome(), () => undefined, { PATH: process.env['PATH'] });
  if (provision.kind !== 'binary') throw new Error('these tests need the temporal command');
  const dataDir = join(folder, 'temporal');
  server = await startTemporal({
    binary: provision.path,
    dataDir,
    log: join(folder, 'temporal.log'),
    ephemeral: true,
  });
  const authority = makeAuthority();
  proxy = await startTlsProxy(server.address, authority, 'temporal.test');
  const { certificate, key } = authority.issue('somebody');
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  await writeFile(join(folder, 'client.pem'), certificate);
  await writeFile(join(folder, 'client.key'), key);
  file = join(folder, 'temporal.toml');
  const tls = ['tls]', `server_ca_cert_path = "${join(folder, 'ca.pem')}"`, 'server_name = "temporal.test"'];
  const own = [
    `client_cert_path = "${join(folder, 'client.pem')}"`,
    `client_key_path = "${join(folder, 'client.key')}"`,
  ];
  const address = `address = "127.0.0.1:${proxy.port}"`;
  const lines = [
    ...['[profile.secured]', address, 'namespace = "default"', 'api_key = "the-key-of-a-test"'],
    ...[`[profile.secured.${tls.join('\n')}`, ...own],
    ...['[profile.secured.grpc_meta]', 'x-tenant = "distillers"'],
    ...['[profile.nobody]', address, `[profile.nobody.${tls.join('\n')}`],
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
});

after(async () => {
  proxy.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The last call came with all that the profile says. */
function assertProfileUsed(): void {
  const call = proxy.calls.at(-1);
  assert.equal(call?.authorization, 'Bearer the-key-of-a-test');
  assert.equal(call['x-tenant'], 'distillers');
}

const environmentOf = (profile: string) => ({
  ...clean,
  TEMPORAL_CONFIG_FILE: file,
  TEMPORAL_PROFILE: profile,
});

test('a command connects by a profile with TLS, a certificate of its own and an API key', async () => {
  const temporal = await connectTemporal(environmentOf('secured'));
  try {
    assert.equal(temporal.address, `127.0.0.1:${proxy.port}`);
    const { namespaceInfo } = await temporal.client.workflowService.describeNamespace({
      namespace: 'default',
    });
    assert.equal(namespaceInfo?.name, 'default');
    assertProfileUsed();
  } finally {
    await temporal.close();
  }
});

test('so does a worker', async () => {
  const before = { ...process.env };
  Object.assign(process.env, environmentOf('secured'));
  for (const name of ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']) Reflect.deleteProperty(process.env, name);
  try {
    const { connection } = await connectWorker(5);
    const calls = proxy.calls.length;
    await connection.workflowService.getSystemInfo({});
    assert.ok(proxy.calls.length > calls);
    assertProfileUsed();
    await connection.close();
  } finally {
    for (const name of ['TEMPORAL_CONFIG_FILE', 'TEMPORAL_PROFILE'])
      Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
});

test('the profile may be named on the command line', async () => {
  const environment = { ...clean, TEMPORAL_CONFIG_FILE: file };
  const command = new CommandProcess(['list', '--profile', 'secured'], environment);
  assert.equal(await command.status(), 0, command.said);
  assert.match(command.stdout, new RegExp(`No runs on 127\\.0\\.0\\.1:${proxy.port}, namespace default`));
  assertProfileUsed();
});

test('who has no certificate is told so, and where to look', async () => {
  const calls = proxy.calls.length;
  await assert.rejects(connectTemporal(environmentOf('nobody')), {
    name: 'ServerUnavailable',
    message:
      /does not answer at 127\.0\.0\.1:\d+ over TLS\. Its certificate and ours \(TEMPORAL_TLS_\*\) may be why/,
  });
  assert.equal(proxy.calls.length, calls);
});

test('settings that cannot be used are a mistake of the user, with the reason', async () => {
  const refused = (environment: Record<string, string | undefined>, says: RegExp) =>
    assert.rejects(connectTemporal(environment), { name: 'InvalidDefinition', message: says });
  await refused(environmentOf('nowhere'), /cannot be used: .*nowhere.*temporal\.toml/);
  const broken = join(folder, 'broken.toml');
  await writeFile(broken, '[profile.default\naddress=');
  await refused({ ...clean, TEMPORAL_CONFIG_FILE: broken }, /cannot be used/);
});
