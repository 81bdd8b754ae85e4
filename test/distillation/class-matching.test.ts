/**
 * @file Distribution and gradient matching against float64: losses written out plainly, gradients by finite
 * differences, and iterations that do what they say.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DdConfig, DsaOperation, GradientMatchingConfig } from '../../definition/plan.js';
import { oneHot, pixelsOf } from '../../distillation/batches.js';
import { ClassImages, type ClassBatchSettings } from '../../distillation/class-batches.js';
import { initialDistillState } from '../../distillation/distill-state.js';
import { distributionMatching } from '../../distillation/distribution-matching.js';
import { gradientDistance } from '../../distillation/gradient-distance.js';
import { gradientMatching } from '../../distillation/gradient-matching.js';
import { ImageDistiller, type ImageMethod, type LearnedImages } from '../../distillation/image-distiller.js';
import { atOnce } from '../../distillation/interruptible.js';
import { indicesByClass } from '../../distillation/real-images.js';
import { inputNames } from '../../distillation/step-graphs.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { unrolledLoss } from '../../distillation/unrolled-loss.js';
import { initialiseParameters } from '../../networks/initialise.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { Stream } from '../../random/stream.js';
import { testDevice } from '../support/device.js';
import { interpret, type Values } from '../support/interpreter.js';
import { tinyClasses, tinyImages, tinyPrograms, tinyShape } from '../support/tiny.js';

const device = await testDevice();
const programs = tinyPrograms(device);
const { network } = programs;
const real = tinyImages(40);
const ipc = 2;
const size = pixelsOf(tinyShape);
const members = indicesByClass(real.images.labels, tinyClasses);
const start = initialImages('noise', real, { ipc, seed: 4 });
const dm = { name: 'dm', lrImg: 1, momentum: 0.5, batchReal: 6, lrTrain: 0.01 } as const;
const dc: GradientMatchingConfig = {
  ...dm,
  name: 'dsa',
  lrImg: 0.1,
  outerLoops: 1,
  innerEpochs: 0,
  lrNet: 0.05,
};

function imagesWith(change: Partial<ClassBatchSettings> = {}): ClassImages {
  return new ClassImages(real.normalised, members, { operations: [], batchReal: 6, ipc, seed: 9, ...change });
}

function beginning(images: Float32Array): LearnedImages {
  const velocity = new Float32Array(images.length);
  return { images: images.slice(), velocity, alpha: 0.05, alphaVelocity: 0 };
}

/** One step of plain descent with a rate of 1 and no momentum, so that the change is the gradient. */
function gradientOf(method: ImageMethod, images = start) {
  const learned = beginning(images);
  const { loss } = atOnce(method.iterate(3, learned));
  return { loss, dX: learned.velocity };
}

function parametersAt(iteration: number): Float32Array {
  return initialiseParameters(network, (at) => new Stream(9, 'matching-network', iteration, at));
}

/** Inputs of the network's graph by name, in float64. */
function valuesOf(flat: Float32Array | Float64Array, images: ArrayLike<number>, more: Values = {}): Values {
  let offset = 0;
  const sets = network.parameters.map(({ shape }, at) => {
    const from = offset;
    offset += sizeOf(shape);
    return [inputNames.parameter(at), Float64Array.from(flat.subarray(from, offset))];
  });
  return { ...Object.fromEntries(sets), [inputNames.images]: Float64Array.from(images), ...more } as Values;
}

function inputsOf(count: number) {
  const g = new GraphBuilder();
  const images = g.input(inputNames.images, [count, 1, 8, 8]);
  const nodes = network.parameters.map(({ shape }, at) => g.input(inputNames.parameter(at), shape));
  return { g, images, nodes };
}

function plainFeatures(flat: Float32Array, images: ArrayLike<number>): Float64Array {
  const count = images.length / size;
  const { g, images: node, nodes } = inputsOf(count);
  const [features = new Float64Array()] = interpret(
    [network.features(g, node, nodes)],
    valuesOf(flat, images),
  );
  const width = features.length / count;
  return Float64Array.from({ length: width }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < count; row += 1) sum += features[row * width + i]!;
    return sum / count;
  });
}

/** Gradients of the mean cross-entropy to every parameter. */
function plainGradients(flat: Float32Array, images: ArrayLike<number>, label: number): Float64Array[] {
  const count = images.length / size;
  const { g, images: node, nodes } = inputsOf(count);
  const targets = g.input('targets', [count, tinyClasses]);
  const logits = network.forward(g, node, nodes);
  const loss = g.scale(g.dot(targets, g.logSoftmax(logits)), -1 / count);
  const labels = Float64Array.from(oneHot(new Int32Array(count).fill(label), tinyClasses));
  return interpret(gradients(g, loss, nodes), valuesOf(flat, images, { targets: labels }));
}

/** One minus the cosine of each row of layers and filters, written out. */
function plainDistance(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  let sum = 0;
  network.parameters.forEach(({ shape }, layer) => {
    if (shape.length < 2) return;
    const width = sizeOf(shape.slice(1));
    for (let row = 0; row < shape[0]!; row += 1) {
      const [x, y] = [a, b].map((set) => [...set[layer]!.subarray(row * width, (row + 1) * width)]);
      const dot = x!.reduce((total, value, i) => total + value * y![i]!, 0);
      sum += 1 - dot / (Math.hypot(...x!) * Math.hypot(...y!) + 1e-6);
    }
  });
  return sum;
}

/** The gradient at some pixels against central differences of a loss in float64. */
function checkGradient(
  loss: (images: Float64Array) => number,
  dX: Float32Array,
  { step, tolerance }: { step: number; tolerance: number },
): void {
  const scale = Math.max(...dX.map(Math.abs));
  assert.ok(scale > 0);
  const drawing = new Stream(8, 'report-samples');
  for (let check = 0; check < 12; check += 1) {
    const pixel = drawing.integer(start.length);
    const moved = (by: number): number => {
      const images = Float64Array.from(start);
      images[pixel]! += by;
      return loss(images);
    };
    const expected = (moved(step) - moved(-step)) / (2 * step);
    assert.ok(
      Math.abs(dX[pixel]! - expected) < tolerance * scale,
      `pixel ${pixel}: ${dX[pixel]} for ${expected}, of at most ${scale}`,
    );
  }
}

function ofClass<T extends Float32Array | Float64Array>(images: T, label: number): T {
  return images.subarray(label * ipc * size, (label + 1) * ipc * size) as T;
}

describe('distribution matching', () => {
  // Shifted by whole pixels, so that the change itself adds no rounding.
  const images = imagesWith({ operations: ['crop'] });
  const plainLoss = (synthetic: Float64Array): number => {
    const flat = parametersAt(3);
    let sum = 0;
    for (let label = 0; label < tinyClasses; label += 1) {
      const batches = images.batches(Float32Array.from(synthetic), label, 3, 0);
      const target = plainFeatures(flat, batches.real.images);
      plainFeatures(flat, batches.synthetic.images).forEach((mean, i) => (sum += (mean - target[i]!) ** 2));
    }
    return sum;
  };

  it('has the loss and the gradient of its definition', () => {
    const { loss, dX } = gradientOf(distributionMatching(programs, images, { ...dm, momentum: 0 }));
    const expected = plainLoss(Float64Array.from(start));
    assert.ok(Math.abs(loss - expected) < 1e-5 * expected, `${loss} for ${expected}`);
    checkGradient(plainLoss, dX, { step: 1e-3, tolerance: 5e-3 });
  });

  it('moves nothing when the synthetic images are the real ones', () => {
    const all = imagesWith({ ipc: 10, batchReal: 10, operations: ['color', 'crop', 'rotate'] });
    const same = real.normalised.batch(Uint32Array.from(members.flatMap((list) => [...list]))).images;
    const { loss, dX } = gradientOf(distributionMatching(programs, all, dm), same);
    assert.ok(loss < 1e-9, `${loss}`);
    assert.ok(dX.every((value) => Math.abs(value) < 1e-6));
  });

  it('brings the images nearer to the real ones', () => {
    const distiller = distill(
      distributionMatching(programs, imagesWith({ operations: ['flip', 'crop'] }), dm),
    );
    const losses = distiller.losses(60);
    const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    assert.ok(mean(losses.slice(-10)) < 0.3 * mean(losses.slice(0, 10)), losses.join(' '));
  });
});

describe('gradient matching', () => {
  // Shifted by whole pixels, so that the change itself adds no rounding.
  const images = imagesWith({ operations: ['crop'] });
  const plainLoss = (synthetic: Float64Array): number => {
    const flat = parametersAt(3);
    let sum = 0;
    for (let label = 0; label < tinyClasses; label += 1) {
      const batches = images.batches(Float32Array.from(synthetic), label, 3, 0);
      sum += plainDistance(
        plainGradients(flat, batches.real.images, label),
        plainGradients(flat, batches.synthetic.images, label),
      );
    }
    return sum;
  };

  it('has the loss and the gradient of its definition', () => {
    const { loss, dX } = gradientOf(gradientMatching(programs, images, { ...dc, momentum: 0 }));
    const expected = plainLoss(Float64Array.from(start));
    assert.ok(Math.abs(loss - expected) < 1e-4 * expected, `${loss} for ${expected}`);
    checkGradient(plainLoss, dX, { step: 1e-3, tolerance: 1e-2 });
  });

  it('measures one minus the cosine of every row, and nothing of biases', () => {
    const shapes = [
      { name: 'weight', shape: [2, 2] },
      { name: 'bias', shape: [2] },
    ];
    const a = [Float32Array.of(1, 0, 0, 2), Float32Array.of(5, 5)];
    const b = [Float32Array.of(3, 0, -1, 0), Float32Array.of(-5, 0)];
    const { distance, slope } = gradientDistance(shapes, a, b);
    // The first row agrees, the second stands at a right angle.
    assert.ok(Math.abs(distance - 1) < 1e-5);
    assert.deepEqual([...slope.map((value) => Math.round(value * 1e4) / 1e4 + 0)], [0, 0, 0, -1, 0, 0]);
    assert.ok(
      gradientDistance(shapes, a, [new Float32Array(4), new Float32Array(2)]).slope.every(Number.isFinite),
    );
  });

  it('follows the network as it is trained on the images between the updates', () => {
    const iterate = (change: Partial<GradientMatchingConfig>) =>
      gradientOf(gradientMatching(programs, images, { ...dc, ...change })).loss;
    const once = iterate({});
    const untrained = iterate({ outerLoops: 2, innerEpochs: 0 });
    const trained = iterate({ outerLoops: 2, innerEpochs: 3 });
    assert.notEqual(once, untrained);
    assert.notEqual(untrained, trained);
    assert.equal(iterate({ innerEpochs: 3 }), once, 'after the last update nothing is trained');
    assert.equal(device.liveTensors, 0);
  });

  it('brings the gradients nearer to those on the real images', () => {
    const method = gradientMatching(programs, imagesWith({ operations: ['crop'] }), { ...dc, lrImg: 1 });
    const losses = distill(method).losses(40);
    const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    assert.ok(mean(losses.slice(-8)) < 0.75 * mean(losses.slice(0, 8)), losses.join(' '));
  });
});

describe('the unrolled loss', () => {
  const dd: DdConfig = {
    name: 'dd',
    ...{ synSteps: 2, batchReal: 12, lrImg: 1, lrLr: 1, lrInit: 0.05, lrFloor: 1e-6, momentum: 0 },
  };
  const labels = syntheticLabels(tinyClasses, ipc);
  const targets = oneHot(labels, tinyClasses);
  const settings = { method: dd, operations: [], targets, seed: 9 };

  /** Plain descent in float64, and the mean cross-entropy then. */
  const plainLoss = (synthetic: ArrayLike<number>, alpha = 0.05): number => {
    const chosen = new Stream(9, 'matching-images', 3).sample(real.images.count, 12);
    const batch = real.normalised.batch(chosen);
    const lossOf = (
      flat: Float64Array,
      images: ArrayLike<number>,
      of: ArrayLike<number>,
      slopes: boolean,
    ) => {
      const count = images.length / size;
      const { g, images: node, nodes } = inputsOf(count);
      const given = g.input('targets', [count, tinyClasses]);
      const loss = g.scale(g.dot(given, g.logSoftmax(network.forward(g, node, nodes))), -1 / count);
      const wanted = slopes ? gradients(g, loss, nodes) : [loss];
      return interpret(wanted, valuesOf(flat, images, { targets: Float64Array.from(of) }));
    };
    let flat = Float64Array.from(parametersAt(3));
    for (let step = 0; step < dd.synSteps; step += 1) {
      const slope = lossOf(flat, synthetic, targets, true).flatMap((part) => [...part]);
      flat = flat.map((value, i) => value - alpha * slope[i]!);
    }
    return lossOf(flat, batch.images, batch.targets, false)[0]![0]!;
  };

  it('is that of its definition, with its gradients to the images and to the rate', () => {
    const learned = beginning(start);
    const { loss } = atOnce(unrolledLoss(programs, real.normalised, settings).iterate(3, learned));
    const expected = plainLoss(start);
    assert.ok(Math.abs(loss - expected) < 1e-5, `${loss} for ${expected}`);
    checkGradient(plainLoss, learned.velocity, { step: 1e-3, tolerance: 1e-2 });
    const toRate = (plainLoss(start, 0.05 + 1e-4) - plainLoss(start, 0.05 - 1e-4)) / 2e-4;
    assert.ok(Math.abs(learned.alphaVelocity - toRate) < 1e-3 * Math.abs(toRate), `${learned.alphaVelocity}`);
    assert.ok(Math.abs(learned.alpha - Math.max(0.05 - learned.alphaVelocity, 1e-6)) < 1e-12);
  });

  it('falls', () => {
    const method = { ...dd, synSteps: 5, lrImg: 20, lrLr: 1e-3, momentum: 0.5, batchReal: 40 };
    const losses = distill(unrolledLoss(programs, real.normalised, { ...settings, method })).losses(40);
    assert.ok(losses.at(-1)! < 0.8 * losses[0]!, losses.join(' '));
    assert.equal(device.liveTensors, 0);
  });
});

describe('the batches of a class', () => {
  it('are changed by one draw, and the adjoint is that of the change', () => {
    for (const operation of ['crop', 'cutout', 'flip', 'scale', 'rotate'] as const satisfies DsaOperation[]) {
      const images = imagesWith({ operations: [operation], batchReal: ipc });
      const plain = imagesWith({ batchReal: ipc });
      const drawn = images.batches(start, 1, 5, 2);
      // The real batch of the draw, changed as the synthetic one: put it in the place of the class.
      const swapped = start.slice();
      ofClass(swapped, 1).set(plain.batches(start, 1, 5, 2).real.images);
      assert.deepEqual(images.batches(swapped, 1, 5, 2).synthetic.images, drawn.real.images, operation);
      // All images of a batch alike.
      const twice = start.slice();
      ofClass(twice, 1).copyWithin(size, 0, size);
      const { images: both } = images.batches(twice, 1, 5, 2).synthetic;
      assert.deepEqual(both.subarray(0, size), both.subarray(size), operation);
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      const other = drawn.real.images;
      const [left, right] = [
        dot(drawn.synthetic.images, other),
        dot(ofClass(start, 1), drawn.adjoint(other)),
      ];
      assert.ok(Math.abs(left - right) < 1e-3, `${operation}: ${left} for ${right}`);
    }
  });

  it('differ by iteration, class and update, and take all of a small class', () => {
    const images = imagesWith();
    const keys = [
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ].map(([label = 0, iteration = 0, update = 0]) =>
      images.batches(start, label, iteration, update).real.images.join(),
    );
    assert.equal(new Set(keys).size, 4);
    assert.equal(imagesWith({ batchReal: 500 }).batches(start, 0, 0, 0).real.count, 10);
  });
});

describe('an interrupted iteration', () => {
  for (const [name, method] of [
    ['dm', distributionMatching(programs, imagesWith(), dm)],
    ['dsa', gradientMatching(programs, imagesWith(), { ...dc, outerLoops: 2, innerEpochs: 1 })],
  ] as const)
    it(`of ${name} leaves the state and no tensors behind, and is done anew`, async () => {
      const whole = new ImageDistiller(method, initialDistillState(start, 0.01));
      let breaks = 0;
      const count = () => {
        breaks += 1;
        return Promise.resolve();
      };
      await whole.step(count);
      await whole.step();
      assert.ok(breaks >= tinyClasses);
      for (let at = 1; at <= breaks; at += 1) {
        const distiller = new ImageDistiller(method, initialDistillState(start, 0.01));
        let left = at;
        const stop = () => {
          left -= 1;
          return left === 0 ? Promise.reject(new Error('stop')) : Promise.resolve();
        };
        await assert.rejects(distiller.step(stop), /stop/);
        assert.equal(device.liveTensors, 0);
        assert.deepEqual(distiller.exportState(), initialDistillState(start, 0.01));
        await distiller.step();
        const moved = new ImageDistiller(method, distiller.exportState());
        await moved.step();
        assert.deepEqual(moved.exportState(), whole.exportState());
      }
    });

  it('diverges with a message, and keeps the state', async () => {
    const wild = distributionMatching(programs, imagesWith(), { ...dm, lrImg: 1e38 });
    const distiller = new ImageDistiller(wild, initialDistillState(start, 0.01));
    await assert.rejects(
      async () => {
        for (let step = 0; step < 4; step += 1) await distiller.step();
      },
      { code: 'Diverged', message: /diverged in iteration \d: .*Lower lrImg/ },
    );
    assert.ok(distiller.exportState().images.every(Number.isFinite));
  });
});

/** Iterations in a row. */
function distill(method: ImageMethod) {
  const learned = beginning(start);
  return {
    losses: (count: number): number[] =>
      Array.from({ length: count }, (_, iteration) => atOnce(method.iterate(iteration, learned)).loss),
  };
}
