/**
 * @file Calibration: the fit, a short real measurement, and the counting of steps.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCalibrations } from '../../definition/calibration.js';
import { calibrate } from '../../distillation/calibration.js';
import { fitRelative } from '../../distillation/least-squares.js';
import { costOfStep, stepCounter } from '../../distillation/step-costs.js';
import { buildNetwork } from '../../networks/registry.js';
import { plainSgdProgram } from '../../distillation/step-graphs.js';
import { testDevice } from '../support/device.js';
import { tinyClasses, tinyNetwork, tinyShape } from '../support/tiny.js';

describe('a fit with coefficients that are not negative', () => {
  it('finds the coefficients that made the values', () => {
    const equations = [
      [1e9, 1e8, 100],
      [1e9, 9e8, 100],
      [5e9, 2e8, 400],
      [1e6, 1e6, 300],
    ].map((features) => ({
      features,
      value: 1e-11 * features[0]! + 2e-10 * features[1]! + 3e-5 * features[2]!,
    }));
    const [a, b, c] = fitRelative(equations);
    assert.ok(Math.abs(a! / 1e-11 - 1) < 0.01, `${a}`);
    assert.ok(Math.abs(b! / 2e-10 - 1) < 0.01, `${b}`);
    assert.ok(Math.abs(c! / 3e-5 - 1) < 0.01, `${c}`);
  });

  it('puts to zero what would have to be negative', () => {
    const [a, b] = fitRelative([
      { features: [1, 2], value: 1 },
      { features: [2, 3], value: 2.1 },
    ]);
    assert.equal(b, 0);
    assert.ok(a! > 0.9 && a! < 1.1);
  });
});

describe('a calibration', () => {
  it('measures steps and what the host does, and can be kept', async () => {
    const points: string[] = [];
    const calibration = calibrate(await testDevice(), {
      points: [
        { width: 8, kind: 'logits', batch: 8 },
        { width: 8, kind: 'plain-sgd', batch: 8 },
        { width: 8, kind: 'momentum-sgd', batch: 4 },
        { width: 8, kind: 'second-order', batch: 4 },
      ],
      secondsPerPoint: 0.01,
      onPoint: ({ step }) => points.push(step),
      memory: () => ({ now: 100e6, peak: 150e6 }),
      startSeconds: 1.5,
      measuredAt: '2026-11-24T12:00:00.000Z',
    });
    assert.equal(points.length, 4);
    assert.ok(calibration.secondsPerFlop + calibration.secondsPerByte + calibration.secondsPerOperation > 0);
    // Under a microsecond for a pixel, over a tenth of a nanosecond.
    for (const seconds of [calibration.secondsPerPixel, calibration.secondsPerAugmentedPixel])
      assert.ok(seconds > 1e-10 && seconds < 1e-6, `${seconds}`);
    assert.equal(calibration.baseBytes, 100e6);
    assert.ok(calibration.memoryFactor >= 0.3);
    assert.deepEqual(parseCalibrations(JSON.parse(JSON.stringify([calibration]))), [calibration]);
  });
});

describe('the counting of a step', () => {
  const network = buildNetwork(tinyNetwork, tinyShape, tinyClasses);

  it('is that of the graph, with its inputs', () => {
    const program = plainSgdProgram(network, 5);
    const cost = costOfStep(network, 'plain-sgd', 5);
    assert.equal(cost.flops, program.flops);
    // Images, targets, the rate and the parameters.
    const inputs = 4 * (5 * 64 + 5 * 4 + 1 + network.parameterCount);
    assert.equal(cost.peakBytes, program.peakBytes + inputs);
    const larger = costOfStep(network, 'second-order', 5);
    assert.ok(larger.flops > 2 * cost.flops && larger.flops < 4 * cost.flops);
  });

  it('leaves out what cannot be built', () => {
    const count = stepCounter();
    assert.deepEqual(
      count(tinyNetwork, tinyShape, tinyClasses, 'logits', 3),
      costOfStep(network, 'logits', 3),
    );
    const deep = { ...tinyNetwork, depth: 9 };
    assert.equal(count(deep, tinyShape, tinyClasses, 'logits', 3), undefined);
  });
});
