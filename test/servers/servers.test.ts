/**
 * @file The embedded servers: real ones, side by side, and gone when they should be.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded } from '../../servers/embedded.js';
import { freePorts, isFree } from '../../servers/ports.js';
import { probeS3, s3Client } from '../../servers/s3.js';
import { probeTemporal } from '../../servers/temporal.js';
import { distilleryHome } from '../../setup/home.js';
import { useServers } from '../support/servers.js';

const servers = useServers();
let home = '';
before(() => {
  home = mkdtempSync(join(tmpdir(), 'distillery-home-'));
});
after(() => rmSync(home, { recursive: true, force: true }));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function within(milliseconds: number, isSo: () => boolean): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (!isSo()) {
    if (Date.now() > end) return false;
    await sleep(100);
  }
  return true;
}

/** Ports of its own, programs from the usual cache. */
async function persistentEnvironment(): Promise<Record<string, string>> {
  const [temporal, ui, s3] = (await freePorts(3)) as [number, number, number];
  const bin = join(distilleryHome(), 'bin');
  return {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    DISTILLERY_TEMPORAL_PORT: `${temporal}`,
    DISTILLERY_UI_PORT: `${ui}`,
    DISTILLERY_S3_PORT: `${s3}`,
  };
}

test('both take work, and the environment says how to reach them', async () => {
  const running = servers();
  await probeTemporal(running.temporalAddress);
  await probeS3(running.s3);
  const environment = connectionEnvironment(running);
  assert.deepEqual(Object.keys(environment).sort(), [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'S3_BUCKET',
    'S3_ENDPOINT',
    'S3_REGION',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
  ]);
  assert.equal(environment['TEMPORAL_ADDRESS'], running.temporalAddress);
  assert.match(running.s3.secretKey, /^[\w-]{40}$/);
});

test('the store refuses a wrong key', async () => {
  const client = s3Client({ ...servers().s3, secretKey: 'another-secret' });
  await assert.rejects(client.listBuckets(), { code: 'SignatureDoesNotMatch' });
});

test('more of them run beside these, with a namespace of their own, until they are stopped', async () => {
  const second = await startEmbedded({ ephemeral: true, namespace: 'mine', bucket: 'other' });
  try {
    assert.notEqual(second.temporalAddress, servers().temporalAddress);
    await probeTemporal(second.temporalAddress, 'mine');
    assert.equal(await s3Client(second.s3).bucketExists('other'), true);
    assert.ok(second.pids.length === 2 && second.pids.every(isRunning));
  } finally {
    await second.stop();
  }
  assert.ok(!second.pids.some(isRunning));
  await second.stop();
});

test('what was stored is there after a stop and a start; only one at a time has it', async () => {
  const environment = await persistentEnvironment();
  const first = await startEmbedded({ home, environment });
  try {
    assert.match(first.uiUrl ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetch(first.uiUrl ?? '')).status, 200);
    await s3Client(first.s3).putObject(first.s3.bucket, 'kept', Buffer.from('kept'));
    await assert.rejects(startEmbedded({ home, environment }), {
      name: 'ServerUnavailable',
      message: /already running, under process \d+.*distillery down/,
    });
    assert.equal(statSync(join(home, 'state', 's3-credentials.json')).mode & 0o777, 0o600);
  } finally {
    await first.stop();
  }
  const second = await startEmbedded({ home, environment });
  try {
    assert.deepEqual(second.s3, first.s3);
    let text = '';
    for await (const chunk of await s3Client(second.s3).getObject(second.s3.bucket, 'kept')) {
      text += String(chunk);
    }
    assert.equal(text, 'kept');
  } finally {
    await second.stop();
  }
});

test('a port in use is named, with who uses it and what to set; nothing is left running', async () => {
  const environment = await persistentEnvironment();
  const port = Number(environment['DISTILLERY_S3_PORT']);
  const blocker = createServer().listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  try {
    await assert.rejects(startEmbedded({ home, environment }), (error: Error) => {
      assert.equal(error.name, 'ServerUnavailable');
      assert.match(error.message, new RegExp(`port ${port} .*DISTILLERY_S3_PORT`));
      if (existsSync('/proc/net/tcp')) assert.match(error.message, new RegExp(`process ${process.pid}`));
      return true;
    });
  } finally {
    blocker.close();
  }
  assert.equal(await isFree(Number(environment['DISTILLERY_TEMPORAL_PORT'])), true);
});

test("a store of the user's own is used as it is, and needs its keys", async () => {
  const { s3 } = servers();
  const environment = { ...(await persistentEnvironment()), S3_ENDPOINT: s3.endpoint };
  await assert.rejects(startEmbedded({ home, environment }), {
    name: 'StoreRefused',
    message: /AWS_ACCESS_KEY_ID/,
  });
  const both = {
    ...environment,
    ...connectionEnvironment(servers()),
  };
  const own = await startEmbedded({ home, environment: both });
  assert.deepEqual(own.pids, []);
  assert.deepEqual(own.s3, s3);
  await own.stop();
  await probeS3(s3);
});

test('a program that does not start is an error with the end of its log', async () => {
  const { startTemporal } = await import('../../servers/temporal.js');
  const log = join(home, 'bad.log');
  await assert.rejects(
    startTemporal({ binary: process.execPath, dataDir: join(home, 'bad'), log }),
    (error: Error) => {
      assert.equal(error.name, 'ServerUnavailable');
      assert.match(error.message, /Temporal ended at once/);
      return true;
    },
  );
  assert.ok(readFileSync(log, 'utf8').length > 0);
  await assert.rejects(startTemporal({ binary: '/nowhere/temporal', dataDir: join(home, 'none'), log }), {
    name: 'ServerUnavailable',
  });
});

test('a program that never gets ready is not said to have ended', async () => {
  const { waitUntilReady } = await import('../../servers/readiness.js');
  const log = join(home, 'never.log');
  writeFileSync(log, 'no room\n');
  let end: (exit: { code: number | null; signal: NodeJS.Signals | null }) => void = () => undefined;
  const exited = new Promise<Parameters<typeof end>[0]>((resolve) => (end = resolve));
  const stop = () => {
    writeFileSync(log, 'stopping\n', { flag: 'a' });
    end({ code: 0, signal: null });
    return Promise.resolve();
  };
  const probe = () => Promise.reject(new Error('InternalError'));
  await assert.rejects(
    waitUntilReady({
      name: 'it',
      process: { pid: 1, exited, stop },
      log,
      probe,
      timeoutMs: 200,
      dataDir: home,
    }),
    {
      name: 'ServerUnavailable',
      message:
        /^it was not ready after 0 s \(InternalError\)(; the disk of .*)?; its log .* ends with:\n *no room\s*$/,
    },
  );
});

/** A process of its own that starts servers; `options` is code. */
async function owner(
  options: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; pids: number[] }> {
  const program = `
    import { startEmbedded } from ${JSON.stringify(new URL('../../servers/embedded.js', import.meta.url).href)};
    const servers = await startEmbedded(${options});
    console.log(JSON.stringify(servers.pids));
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, pids: JSON.parse(line) as number[] };
}

test('after kill -9 of their owner the next servers wait for the last ones to let go of the data', async () => {
  const killed = await owner(`{ home: ${JSON.stringify(home)} }`, await persistentEnvironment());
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  assert.ok(killed.pids.every(isRunning), 'they are still closing their files');
  // Other ports: nothing but the data is in the way.
  const next = await startEmbedded({ home, environment: await persistentEnvironment() });
  try {
    assert.ok(!killed.pids.some(isRunning), 'two servers on the same data');
    await probeTemporal(next.temporalAddress);
    await probeS3(next.s3);
  } finally {
    await next.stop();
  }
});

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`the servers and their data go when their owner goes by ${signal}`, async () => {
    const TMPDIR = mkdtempSync(join(tmpdir(), 'distillery-owner-'));
    const { child, pids } = await owner('{ ephemeral: true }', { TMPDIR });
    try {
      assert.ok(pids.length === 2 && pids.every(isRunning));
      assert.equal(readdirSync(TMPDIR).length, 1, 'one folder holds everything');
      child.kill(signal);
      assert.ok(await within(20_000, () => !pids.some(isRunning)), 'a server outlived its owner');
      assert.ok(await within(5_000, () => readdirSync(TMPDIR).length === 0), 'the data outlived its owner');
    } finally {
      child.kill('SIGKILL');
      rmSync(TMPDIR, { recursive: true });
    }
  });
}
