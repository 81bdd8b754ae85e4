/**
 * @file The benchmark's own side at tiny sizes, its inputs, and what it says of measurements. PyTorch's side runs
 * where PyTorch is installed: `npm run bench` compares the numbers each time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSafetensors, tensorOf, writeSafetensors } from '../../artifacts/safetensors.js';
import { runCase } from '../../bench/engine/compare.js';
import { experimentDefinition, experiments } from '../../bench/engine/experiment.js';
import { experimentLines } from '../../bench/engine/experiment-table.js';
import { balancedSeed, operations, workInputs } from '../../bench/engine/inputs.js';
import { benchNetwork } from '../../bench/engine/network.js';
import { runnerOf, type Numbers } from '../../bench/engine/runners.js';
import { Side } from '../../bench/engine/side.js';
import { median, ratioOf } from '../../bench/engine/statistics.js';
import { cells, growthLine, verdict } from '../../bench/engine/table.js';
import { toleranceOf } from '../../bench/engine/tolerances.js';
import {
  benchCases,
  convNet,
  fullSizes,
  quickSizes,
  type BenchCase,
  type SgdWork,
  type Work,
} from '../../bench/engine/works.js';
import { compile } from '../../definition/index.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import { Stream } from '../../random/stream.js';
import { testDevice } from '../support/device.js';

const common = {
  network: convNet(4, 2),
  image: { channels: 1, height: 12, width: 12 },
  classes: 3,
  batch: 6,
};
const sgd: SgdWork = { ...common, kind: 'sgd-step', lr: 0.1, steps: 2 };
const dsa = { ...common, lr: 0.05, matrices: 'each' } as const;
const works: Record<Work['kind'], Work> = {
  'sgd-step': sgd,
  'expert-epoch': { ...dsa, kind: 'expert-epoch', images: 15, mean: 0.3, std: 0.3 },
  trajectory: { ...common, kind: 'trajectory', alpha: 0.05, steps: 3 },
  evaluation: { ...dsa, kind: 'evaluation', images: 5, epochs: 4, momentum: 0.9, weightDecay: 5e-4 },
};

async function numbersOf(work: Work, inputs: Parameters<typeof writeSafetensors>[0]): Promise<Numbers> {
  const programs = createNetworkPrograms(benchNetwork(work), await testDevice());
  return runnerOf(work, programs, readSafetensors(writeSafetensors(inputs))).check();
}

/** A process of ours on a folder of inputs. */
function startOurs(folder: string): Side {
  const script = fileURLToPath(new URL('../../bench/engine/serve.js', import.meta.url));
  return new Side('distillery', process.execPath, [script, folder], { TF_CPP_MIN_LOG_LEVEL: '3' });
}

/** Somebody who takes two seconds for everything and has the same numbers as we. */
function startEcho(folder: string): Side {
  const program = `
    const { copyFileSync } = require('node:fs');
    const say = (answer) => console.log(JSON.stringify(answer));
    console.log('a line of a library');
    say({ ready: 'echo', device: 'cpu', threads: 1 });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      if (line === 'check') copyFileSync(process.argv[1] + '/ours.safetensors', process.argv[1] + '/torch.safetensors');
      say({ seconds: 2 });
    });`;
  return new Side('echo', process.execPath, ['-e', program, folder], {});
}

describe('our side of the benchmark', () => {
  it('takes the steps of its work and says the numbers that are compared', async () => {
    const sizes: Record<Work['kind'], Record<string, number>> = {
      'sgd-step': { losses: 3, gradient: 4 * 9 + 3 * 4 + 16 * 9 + 3 * 4 + 3 * 4 * 16 + 3 },
      // 15 images in batches of 6.
      'expert-epoch': { losses: 3, moved: 399 },
      trajectory: {
        ...{ 'loss.1': 1, 'student.1': 1, 'images.1': 6 * 144, 'alpha.1': 1 },
        ...{ 'loss.3': 1, 'student.3': 3, 'images.3': 6 * 144, 'alpha.3': 1 },
      },
      evaluation: { losses: 2 },
    };
    for (const work of Object.values(works)) {
      const numbers = await numbersOf(work, workInputs(work, benchNetwork(work)));
      const found = Object.fromEntries(
        Object.entries(numbers).map(([name, values]) => [name, values.length]),
      );
      assert.deepEqual(found, sizes[work.kind], work.kind);
      for (const [name, values] of Object.entries(numbers)) {
        assert.ok(Array.from(values).every(Number.isFinite), `${work.kind} ${name}`);
        assert.ok(
          Array.from(values).some((value) => value !== 0),
          `${work.kind} ${name}`,
        );
        assert.ok(toleranceOf(name) > 0, `a tolerance for ${name}`);
      }
    }
  });

  it('has the gradient that the losses of its steps go down by', async () => {
    const work = { ...sgd, lr: 1e-3 };
    const { losses = [], gradient = [] } = await numbersOf(work, workInputs(work, benchNetwork(work)));
    const squared = Array.from(gradient).reduce((sum, value) => sum + value ** 2, 0);
    const fall = (losses[0] ?? 0) - (losses[1] ?? 0);
    assert.ok(relativeError([fall], [work.lr * squared]) < 0.05, `${fall}, ${work.lr * squared}`);
  });

  it('has the slope to the learned rate that the loss of a match has', async () => {
    const work = works.trajectory;
    assert.equal(work.kind, 'trajectory');
    const inputs = workInputs(work, benchNetwork(work));
    const at = async (alpha: number) => await numbersOf({ ...work, alpha }, inputs);
    const [low, middle, high] = [await at(0.0499), await at(0.05), await at(0.0501)];
    const slope = ((high['loss.3']?.[0] ?? 0) - (low['loss.3']?.[0] ?? 0)) / 0.0002;
    const exact = middle['alpha.3']?.[0] ?? 0;
    assert.ok(Math.abs(slope / exact - 1) < 0.01, `${slope}, ${exact}`);
  });

  it('answers as a process, and is measured as one', async () => {
    const bench: BenchCase = { name: 'tiny', title: 'tiny', work: sgd, scale: 0.5, timeTarget: 1e9 };
    const result = await runCase(bench, { ours: startOurs, torch: startEcho }, 3);
    assert.equal(result.ours?.seconds.length, 3);
    assert.ok(result.ours.median > 0);
    assert.match(result.ours.description.ready, /^tensorflow /);
    if (process.platform === 'linux') assert.ok((result.ours.peakBytes ?? 0) > 50e6);
    assert.equal(result.torch?.median, 1);
    assert.equal(result.ratio?.value, result.ours.median);
    assert.deepEqual(
      result.checks.map(({ tensor, relativeError: error }) => [tensor, error]),
      [
        ['losses', 0],
        ['gradient', 0],
      ],
    );
    const [title, , torch, , , target, , , , , numbers] = cells(result);
    assert.deepEqual(
      [title, torch, target, numbers],
      ['tiny', '1.00 s', '<= 1000000000.0 met', 'agree to 0e+0'],
    );
  });

  it('says why a side ended', async () => {
    const side = new Side(
      'PyTorch',
      process.execPath,
      ['-e', 'console.error("no torch"); process.exit(1)'],
      {},
    );
    await assert.rejects(side.ready(), { code: 'ComputeFailed', message: /The PyTorch side .* no torch/ });
    await side.end();
  });
});

describe('the inputs of the benchmark', () => {
  it('draw every operation equally often', () => {
    const seed = balancedSeed(6);
    const drawn = [0, 1, 2, 3, 4, 5].map((batch) =>
      new Stream(seed, 'expert-augmentation', 0, 0, batch).integer(operations.length),
    );
    assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4, 5]);
    const work = { ...works['expert-epoch'], images: 36 } as Work;
    const inputs = readSafetensors(writeSafetensors(workInputs(work, benchNetwork(work))));
    assert.deepEqual([...tensorOf(inputs, 'operations', 'I32').data], drawn);
    assert.equal(tensorOf(inputs, 'seed', 'F64').data[0], seed);
    // What ours draws while it trains is what the file says.
    const first = tensorOf(inputs, 'draws.0.0', 'F64').data;
    assert.equal(first.length, 6);
    assert.equal(new Set(tensorOf(inputs, 'order', 'I64').data).size, 36);
  });

  it('are the same each time', () => {
    for (const work of Object.values(works)) {
      const write = () => writeSafetensors(workInputs(work, benchNetwork(work)));
      assert.deepEqual(write(), write());
    }
  });
});

describe('a whole experiment', () => {
  it('is a definition that says what the script is told', () => {
    for (const settings of Object.values(experiments)) {
      const { plan } = compile(experimentDefinition(settings));
      const [trained, distilled, evaluated] = plan.stages;
      assert.ok(trained?.uses === 'train-experts' && distilled?.uses === 'distill');
      assert.ok(evaluated?.uses === 'evaluate');
      assert.deepEqual(
        [plan.dataset.limit, trained.with.count, trained.with.epochs, distilled.with.iterations],
        [settings.images, settings.experts, settings.epochs, settings.iterations],
      );
      assert.deepEqual(
        [evaluated.with.runs, evaluated.with.epochs, evaluated.with.baselines],
        [settings.networks, settings.evaluationEpochs, []],
      );
      assert.equal(distilled.with.selection.runs * distilled.with.selection.epochs, 1);
    }
  });

  it('is met or missed', () => {
    const lines = experimentLines(
      { seconds: 50, peakBytes: 600 },
      { seconds: 100, peakBytes: 1000, stages: { experts: 70, distill: 30 } },
    );
    assert.match(lines[1] ?? '', /experts 70.0 s, distill 30.0 s/);
    assert.equal(lines[2], 'time 0.50 (<= 0.6 met), memory of the compute process 0.60 (<= 0.5 missed)');
    assert.equal(experimentLines({ seconds: 50 }, undefined).length, 1);
  });
});

describe('what is said of measurements', () => {
  it('is the middle and the spread', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.deepEqual(ratioOf([1, 2, 3], [2, 2, 2]), { value: 1, from: 0.5, to: 1.5 });
  });

  it('names what is missed, apart or not there', () => {
    assert.equal(verdict(0.5, 0.6), '<= 0.6 met');
    assert.equal(verdict(0.61, 0.6), '<= 0.6 missed');
    assert.equal(verdict(undefined, 0.6), '<= 0.6');
    assert.deepEqual(cells({ name: 'x', title: 'x', checks: [] }), ['x', 'not available']);
    const side = { description: { ready: '', device: '', threads: 1 }, seconds: [1], median: 1 };
    const checks = [
      { tensor: 'losses', relativeError: 1, tolerance: 1e-4 },
      { tensor: 'gradient', relativeError: NaN, tolerance: 1 },
    ];
    assert.equal(cells({ name: 'x', title: 'x', ours: side, checks }).at(-1), 'DIFFER in losses, gradient');
    const match = (steps: number, seconds: number, peakBytes: number) => ({
      name: `match-n${steps}`,
      title: '',
      ours: { ...side, median: seconds, peakBytes },
      checks: [],
    });
    assert.match(growthLine([match(10, 5, 100), match(50, 26, 102)]) ?? '', /x 1.04, peak memory x 1.02/);
  });

  it('is asked of every kind of work, by names of their own', () => {
    const cases = benchCases(fullSizes);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
    assert.deepEqual(new Set(cases.map(({ work }) => work.kind)), new Set(Object.keys(works)));
    assert.ok(fullSizes.imagesOfEpoch % (256 * operations.length) === 0);
    assert.ok(quickSizes.imagesOfEpoch % (256 * operations.length) === 0);
  });
});
