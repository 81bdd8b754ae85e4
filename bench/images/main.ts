/**
 * @file A data set larger than the memory it may take: how much slower training is with the images on disk, and
 * how much memory it and the import take. That the results are the same is for the tests to say.
 *
 * node dist/bench/images/main.js [--images 120000] [--side 64] [--width 16] [--steps 40]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { S3Store } from '../../artifacts/s3-store.js';
import type { StoreSettings } from '../../artifacts/s3-settings.js';
import type { Reference } from '../../artifacts/reference.js';
import { Stopped } from '../../compute/context.js';
import { memoryOf } from '../../compute/memory.js';
import { ComputeProcess } from '../../compute/process.js';
import type { TrainExpertInput } from '../../compute/protocol.js';
import { importDataset } from '../../datasets/import.js';
import { startSeaweed } from '../../test/support/s3-servers.js';

const classes = 10;
const testImages = 1000;
const gibibyte = 1024 ** 3;

/** Noise with a brightness for each class, written image by image as NumPy writes arrays. */
async function writeArrays(folder: string, name: string, count: number, side: number): Promise<void> {
  const header = (type: string, shape: string): Buffer => {
    const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`;
    const padded = text.padEnd(117) + '\n';
    return Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length, 0]),
      Buffer.from(padded),
    ]);
  };
  const labels = await open(join(folder, `y_${name}.npy`), 'w');
  await labels.write(header('|u1', `${count},`));
  await labels.write(Uint8Array.from({ length: count }, (_, index) => index % classes));
  await labels.close();
  const images = await open(join(folder, `x_${name}.npy`), 'w');
  await images.write(header('|u1', `${count}, ${side}, ${side}, 3`));
  let state = 1;
  const pixels = side * side * 3;
  const batch = new Uint8Array(100 * pixels);
  for (let from = 0; from < count; from += 100) {
    for (let at = 0; at < batch.length; at += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      batch[at] = (state >>> 25) + 12 * (Math.floor(at / pixels) % classes);
    }
    await images.write(batch.subarray(0, Math.min(100, count - from) * pixels));
  }
  await images.close();
}

/** Runs this file as a process of its own that imports, and says the most memory that it had. */
async function importApart(folder: string, settings: StoreSettings) {
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, 'import'], {
    env: { ...process.env, BENCH_FOLDER: folder, BENCH_STORE: JSON.stringify(settings) },
  });
  return JSON.parse(stdout) as { reference: Reference; seconds: number; peak: number };
}

async function importHere(): Promise<void> {
  const store = new S3Store(JSON.parse(process.env['BENCH_STORE'] ?? '') as StoreSettings);
  const start = performance.now();
  const { reference } = await importDataset(store, process.env['BENCH_FOLDER'] ?? '', { name: 'noise' });
  const seconds = (performance.now() - start) / 1000;
  const status = await readFile('/proc/self/status', 'utf8');
  const peak = 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
  console.log(JSON.stringify({ reference, seconds, peak }));
}

interface Trained {
  readonly secondsToStart: number;
  readonly stepsPerSecond: number;
  readonly peak: number;
}

/** Trains some steps and stops. */
async function train(
  input: TrainExpertInput,
  { memory, folder, steps }: { memory: number; folder: string; steps: number },
): Promise<Trained> {
  const compute = new ComputeProcess({
    threads: 2,
    checkpointInterval: 'off',
    imageRoom: { memory, folder, folderBytes: 100 * gibibyte },
  });
  let peak = 0;
  const watch = setInterval(() => {
    if (compute.pid !== undefined)
      void memoryOf(compute.pid).then((bytes) => (peak = Math.max(peak, bytes ?? 0)));
  }, 50);
  const begun = performance.now();
  let first = { at: 0, done: 0 };
  let last = first;
  const enough = new AbortController();
  try {
    await compute.run('trainExpert', input, {
      signal: enough.signal,
      onProgress({ unit, done }) {
        if (!unit.startsWith('expert')) return;
        last = { at: performance.now(), done };
        if (first.at === 0) first = last;
        if (done >= steps) enough.abort(new Stopped('drop'));
      },
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    clearInterval(watch);
    compute.kill();
  }
  return {
    secondsToStart: (first.at - begun) / 1000,
    stepsPerSecond: (1000 * (last.done - first.done)) / (last.at - first.at),
    peak,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      images: { type: 'string', default: '120000' },
      side: { type: 'string', default: '64' },
      width: { type: 'string', default: '16' },
      steps: { type: 'string', default: '40' },
    },
  });
  const count = Number(values.images);
  const side = Number(values.side);
  const width = Number(values.width);
  const steps = Number(values.steps);
  const scratch = mkdtempSync(join(tmpdir(), 'distillery-bench-'));
  const server = await startSeaweed();
  try {
    await writeArrays(scratch, 'train', count, side);
    await writeArrays(scratch, 'test', testImages, side);
    const raw = (count + testImages) * side * side * 3;
    console.log(`${count} images of 3 x ${side} x ${side}: ${(raw / gibibyte).toFixed(2)} GiB`);
    const imported = await importApart(scratch, server.settings);
    console.log(`import: ${imported.seconds.toFixed(0)} s, at most ${mebibytes(imported.peak)} resident`);
    Object.assign(process.env, {
      S3_ENDPOINT: server.settings.endpoint,
      S3_BUCKET: server.settings.bucket,
      AWS_ACCESS_KEY_ID: server.settings.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.settings.secretAccessKey,
    });
    const input = (fresh: string): TrainExpertInput => ({
      dataset: { manifest: imported.reference, holdout: 1000, seed: 1 },
      network: { architecture: 'ConvNet', depth: 3, width, norm: 'instance', pool: 'avg', act: 'relu' },
      config: {
        count: 1,
        epochs: 1,
        lr: 0.01,
        momentum: 0,
        weightDecay: 0,
        batchSize: 256,
        augmentation: 'none',
      },
      seed: 1,
      index: 0,
      fresh,
    });
    const folder = join(scratch, 'cache');
    const speeds = new Map<string, number>();
    for (const [name, memory] of [
      ['on disk, to be fetched', 0],
      ['in memory', Number.MAX_SAFE_INTEGER],
      ['on disk, fetched before', 0],
    ] as const) {
      const trained = await train(input(name), { memory, folder, steps });
      speeds.set(name, trained.stepsPerSecond);
      console.log(
        `${name}: first step after ${trained.secondsToStart.toFixed(1)} s, then ` +
          `${trained.stepsPerSecond.toFixed(2)} steps/s, at most ${mebibytes(trained.peak)} held`,
      );
    }
    const ratio = (speeds.get('in memory') ?? 0) / (speeds.get('on disk, fetched before') ?? 1);
    console.log(`a step takes ${ratio.toFixed(2)} times what it takes in memory`);
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}

if (process.argv[2] === 'import') await importHere();
else await main();
