/**
 * @file A store that goes away and comes back: who waits, who hears of it, and what ends the wait.
 */
import assert from 'node:assert/strict';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { S3Store } from '../../artifacts/s3-store.js';
import { onBehalfOf } from '../../artifacts/store-work.js';
import { startBlackHole, startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startSeaweed, type TestServer } from '../support/s3-servers.js';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

let server: TestServer;
let gate: Awaited<ReturnType<typeof openGate>>;
let proxy: FaultProxy;
let store: S3Store;
let spoiled: S3Store;
before(async () => {
  server = await startSeaweed();
  gate = await openGate(server.settings.endpoint);
  proxy = await startFaultProxy(server.settings.endpoint);
  store = new S3Store({ ...server.settings, endpoint: gate.endpoint });
  spoiled = new S3Store({ ...server.settings, endpoint: proxy.endpoint, patienceMs: 0 });
});
after(async () => {
  for (const open of [store, spoiled]) open.close();
  gate.shut();
  await proxy.close();
  await server.stop();
});

test('calls wait while the store is away, say so, and succeed when it is back', async () => {
  const { reference } = await store.putManifest('outage/before.json', { a: 1 });
  const told: (string | undefined)[] = [];
  gate.shut();
  const calls = onBehalfOf({ onWait: (reason) => told.push(reason) }, () =>
    Promise.all([
      store.get(reference),
      store.putObject('outage/during.bin', text('during'), 'text/plain'),
      store.putManifest('outage/during.json', { a: 2 }),
    ]),
  );
  setTimeout(() => void gate.open(), 1500);
  const [, , { created }] = await calls;
  assert.equal(created, true);
  assert.match(told[0] ?? '', /^the store: E.*, at http:\/\/127\.0\.0\.1:\d+\/contract$/);
  assert.equal(told.at(-1), undefined);
  assert.deepEqual(await store.getObject('outage/during.bin'), text('during'));
});

test('a wait ends at once when the work is stopped, and the store serves other work', async () => {
  gate.shut();
  const stop = new AbortController();
  const waiting = onBehalfOf({ signal: stop.signal }, () => store.getObject('outage/a'));
  setTimeout(() => stop.abort(new Error('stopped')), 400);
  const began = performance.now();
  await assert.rejects(waiting, { message: 'stopped' });
  assert.ok(performance.now() - began < 1000);
  await gate.open();
  assert.equal(await store.getObject('outage/a'), undefined);
});

test('work may be less patient than the store', async () => {
  gate.shut();
  const began = performance.now();
  await assert.rejects(
    onBehalfOf({ patienceMs: 0 }, () => store.getObject('outage/a')),
    { code: 'StoreUnavailable' },
  );
  assert.ok(performance.now() - began < 1000);
  await gate.open();
  const hole = await startBlackHole();
  const mute = new S3Store({ ...server.settings, endpoint: hole.endpoint });
  await assert.rejects(
    onBehalfOf({ patienceMs: 0, silenceMs: 200 }, () => mute.getObject('outage/a')),
    { code: 'StoreUnavailable', message: /no answer/ },
  );
  assert.ok(performance.now() - began < 4000);
  await hole.close();
});

test('what may pass is waited for; how it is called in the end says what to do', async () => {
  const answers: [number, string, string, RegExp][] = [
    [507, 'XMinioStorageFull', 'NoSpace', /the store is full .*Free or add space/],
    [500, 'InternalError', 'StoreUnavailable', /its disk is not full/],
    [503, 'SlowDown', 'StoreUnavailable', /SlowDown/],
    [
      403,
      'RequestTimeTooSkewed',
      'StoreUnavailable',
      /the clock of this machine differs .*Set the clocks right/,
    ],
  ];
  const told: (string | undefined)[] = [];
  const onWait = (reason: string | undefined) => told.push(reason);
  for (const [status, code, expected, message] of answers) {
    const answer = { kind: 'answer', status, code } as const;
    proxy.fail('PUT', answer, answer);
    await assert.rejects(spoiled.putObject('outage/b', text('b'), 'text/plain'), { code: expected, message });
    proxy.fail('PUT', answer, answer);
    await onBehalfOf({ patienceMs: 5000, onWait }, () =>
      spoiled.putObject('outage/b', text('b'), 'text/plain'),
    );
  }
  assert.ok(
    told.some((reason) =>
      reason?.startsWith('the store: InternalError, perhaps its disk is full; see its log'),
    ),
  );
});

/** Passes connections on to a server, or refuses them, always at the same port. */
async function openGate(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const relay = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    keep(incoming);
    keep(outgoing);
    incoming.pipe(outgoing).pipe(incoming);
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => relay.listen(at, '127.0.0.1', resolve));
  await listen(0);
  const { port: own } = relay.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${own}`,
    open: () => listen(own),
    shut: () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
