/**
 * @file Notices of a coming preemption: how they are found, and that what finds them does no harm.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { words } from '../../cli/words.js';
import { runWorker, type WorkerEvent } from '../../worker/index.js';
import { watchPreemption, type PreemptionHook } from '../../worker/preemption.js';
import { temporaryFolder } from '../support/idx.js';

/** Watches until the test ends; what was heard is in the lists. */
async function watch(t: TestContext, hook: PreemptionHook) {
  const notices: string[] = [];
  const troubles: string[] = [];
  const release = await watchPreemption(
    { everySeconds: 0.02, ...hook },
    { onNotice: (reason) => notices.push(reason), onTrouble: (message) => troubles.push(message) },
  );
  t.after(release);
  return { notices, troubles, release };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < 5000, 'still not so after 5 s');
    await delay(10);
  }
}

/** A program that ends with the status and, when asked to, does not end soon. */
const node = (script: string) => [process.execPath, '-e', script];

describe('preemption notice', () => {
  it('is a file that appears, told once', async (t) => {
    const file = join(await temporaryFolder(t), 'notice');
    const { notices } = await watch(t, { file });
    await delay(100);
    assert.deepEqual(notices, []);
    await writeFile(file, '');
    await until(() => notices.length > 0);
    await delay(100);
    assert.deepEqual(notices, [`preemption notice: ${file} is there`]);
  });

  it('is a command that ends with 0, and is found at the first look', async (t) => {
    const { notices } = await watch(t, { command: node('process.exit(0)') });
    assert.match(notices.join(), /^preemption notice from .*process\.exit\(0\)/);
    const { notices: none } = await watch(t, { command: node('process.exit(22)') });
    assert.deepEqual(none, []);
  });

  it('is not a command that hangs: it is killed, and said once', async (t) => {
    const { notices, troubles } = await watch(t, {
      command: node('setInterval(() => undefined, 1000)'),
      commandTimeoutSeconds: 0.3,
    });
    await delay(800);
    assert.deepEqual(notices, []);
    assert.equal(troubles.length, 1, troubles.join());
    assert.match(troubles[0]!, /SIGKILL.*after 0.3 s; that counts as no notice/);
  });

  it('reaches arguments without a shell', async (t) => {
    const { notices } = await watch(t, {
      command: [...node('process.exit(process.argv[1] === "$HOME; a b" ? 0 : 1)'), '$HOME; a b'],
    });
    assert.equal(notices.length, 1);
  });

  it('needs a command that can be run', async () => {
    const nobody = { onNotice: () => assert.fail(), onTrouble: () => assert.fail() };
    await assert.rejects(watchPreemption({ command: ['no-such-program'] }, nobody), {
      code: 'InvalidDefinition',
      message: /preemption command no-such-program cannot be run/,
    });
  });

  it('ends with its watch', async (t) => {
    const file = join(await temporaryFolder(t), 'notice');
    const { notices, release } = await watch(t, { file });
    release();
    await writeFile(file, '');
    await delay(100);
    assert.deepEqual(notices, []);
  });

  it('keeps a worker from taking work that finds it at the start', async (t) => {
    const file = join(await temporaryFolder(t), 'notice');
    await writeFile(file, '');
    const events: WorkerEvent[] = [];
    await runWorker({ queue: 'compute', preemption: { file }, onEvent: (event) => events.push(event) });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['stopping', 'stopped'],
    );
  });
});

describe('a command in one text', () => {
  it('is taken apart at spaces outside quotes', () => {
    assert.deepEqual(words(`  curl -sf  'a b' x"y z"w "$HOME" '' `), [
      'curl',
      '-sf',
      'a b',
      'xy zw',
      '$HOME',
      '',
    ]);
    for (const text of ['', '  ', `curl 'open`, `''`]) assert.throws(() => words(text), /quote|program/);
  });
});
