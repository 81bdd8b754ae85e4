/**
 * @file A compute process whose tasks misbehave on request, in place of the real child.
 */
import { S3Store } from '../../artifacts/s3-store.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { Stopped, type TaskContext } from '../../compute/context.js';
import { serve } from '../../compute/serve.js';
import { DistilleryError } from '../../errors/errors.js';
import type { Device } from '../../tensor/device.js';
import type { Behaviour } from './behaviours.js';

const unused = () => {
  throw new Error('a fake task has no use for this');
};
const device: Device = {
  info: { name: 'fake', oneDnn: false, threads: 1, cpu: 'none', device: 'cpu' },
  upload: unused,
  download: unused,
  release: unused,
  run: unused,
  liveTensors: 0,
};

async function behave(input: unknown, context: TaskContext): Promise<never> {
  const request = input as Behaviour;
  switch (request.behaviour) {
    case 'count':
      return (await count(request.to, context)) as never;
    case 'block':
      block(request.milliseconds);
      return 'unblocked' as never;
    case 'allocate':
      return (await allocate(request.mebibytes, context)) as never;
    case 'hang':
      return new Promise<never>(() => setInterval(() => undefined, 1000));
    case 'ask-store':
      return (await lost.getObject('a/b')) as never;
    case 'exit':
      process.stderr.write('about to give up\n', () => process.exit(request.code));
      return new Promise<never>(() => undefined);
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise<never>(() => undefined);
    case 'refuse':
      throw new DistilleryError('Diverged', 'the learned rate is NaN at iteration 7');
    case 'throw':
      throw new TypeError('a bug');
  }
}

async function count(to: number, context: TaskContext): Promise<{ counted: number; pid: number }> {
  for (let done = 1; done <= to; done += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const reason = context.stopRequested();
    if (reason !== undefined) throw new Stopped(reason);
    context.report({ unit: 'steps', done, total: to, metrics: { square: done * done } });
  }
  return { counted: to, pid: process.pid };
}

/** Takes memory at 200 MiB a second, and keeps it. */
async function allocate(mebibytes: number, context: TaskContext): Promise<{ held: number }> {
  const held: Buffer[] = [];
  while (held.length * 10 < mebibytes) {
    held.push(Buffer.alloc(10 * 2 ** 20, 1));
    context.report({ unit: 'MiB', done: held.length * 10, total: mebibytes, metrics: {} });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { held: held.length };
}

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const store = { location: 'nowhere' } as ArtifactStore;
const lost = new S3Store({
  endpoint: 'http://127.0.0.1:1',
  accessKeyId: 'nobody',
  secretAccessKey: 'none',
  patienceMs: 600_000,
});
const tasks = {
  trainExpert: behave,
  distillChunk: behave,
  evaluateNetwork: behave,
  selectImages: behave,
  computeStage: behave,
};
serve(tasks, () => Promise.resolve({ store, device, checkpointInterval: 'off' as const }));
