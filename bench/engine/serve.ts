/**
 * @file distillery's side of one work as a process: answers `check` and `run` on standard input with lines of
 * JSON, like PyTorch's side. Never imported.
 *
 * Usage: serve.js FOLDER, where FOLDER holds work.json and inputs.safetensors.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../artifacts/safetensors.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { benchNetwork } from './network.js';
import { runnerOf, type Numbers } from './runners.js';
import type { Work } from './works.js';

const folder = process.argv[2] ?? '.';
const { work } = JSON.parse(readFileSync(join(folder, 'work.json'), 'utf8')) as { work: Work };
const device = await openTensorflowDevice();
const runner = runnerOf(
  work,
  createNetworkPrograms(benchNetwork(work), device),
  readSafetensors(readFileSync(join(folder, 'inputs.safetensors'))),
);

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function asTensors(numbers: Numbers): Map<string, NamedTensor> {
  return new Map(
    Object.entries(numbers).map(([name, values]) => [
      name,
      { dtype: 'F64', shape: [values.length], data: Float64Array.from(values) },
    ]),
  );
}

say({ ready: device.info.name, device: device.info.device, threads: device.info.threads });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'check') {
    writeFileSync(join(folder, 'ours.safetensors'), writeSafetensors(asTensors(runner.check())));
    say({ checked: 'ours.safetensors' });
  } else {
    const start = performance.now();
    runner.run();
    say({ seconds: (performance.now() - start) / 1000 });
  }
}
