/**
 * @file The steps of the algorithms as graphs over one network: each function writes one step down and derives
 * its gradients.
 */
import type { BatchStatistics, Network } from '../networks/network.js';
import { gradients } from '../tensor/differentiate.js';
import { GraphBuilder } from '../tensor/graph.js';
import type { Node } from '../tensor/graph.js';
import { compile } from '../tensor/program.js';
import type { Program } from '../tensor/program.js';

/** Names of the inputs of the programs below. */
export const inputNames = {
  images: 'images',
  targets: 'targets',
  lr: 'lr',
  momentum: 'momentum',
  weightDecay: 'weightDecay',
  alpha: 'alpha',
  parameter: (index: number) => `parameter.${index}`,
  statistic: (index: number) => `statistic.${index}`,
  velocity: (index: number) => `velocity.${index}`,
  direction: (index: number) => `v.${index}`,
} as const;

interface Written {
  readonly g: GraphBuilder;
  readonly images: Node;
  readonly parameters: readonly Node[];
  readonly logits: Node;
}

/** Of a running average, what the newest batch counts; PyTorch's default. */
const statisticsMomentum = 0.1;

function write(
  network: Network,
  batch: number,
  statistics?: BatchStatistics,
  g = new GraphBuilder(),
): Written {
  const { channels, height, width } = network.input;
  const images = g.input(inputNames.images, [batch, channels, height, width]);
  const parameters = network.parameters.map(({ shape }, index) =>
    g.input(inputNames.parameter(index), shape),
  );
  return { g, images, parameters, logits: network.forward(g, images, parameters, statistics) };
}

/** Mean over the batch of the cross-entropy of `softmax(logits)` against class probabilities. */
function crossEntropy({ g, logits }: Written, targets = g.input(inputNames.targets, logits.shape)): Node {
  return g.scale(g.dot(targets, g.logSoftmax(logits)), -1 / (logits.shape[0] ?? 1));
}

/** Running averages as inputs. */
function runningInputs(g: GraphBuilder, network: Network): Node[] {
  return network.statistics.map(({ shape }, index) => g.input(inputNames.statistic(index), shape));
}

/** A forward pass in training, and the running averages with this batch in them: none unless `tracking`. */
function writeTraining(
  network: Network,
  batch: number,
  tracking: boolean,
): Written & { readonly averages: readonly Node[] } {
  if (!tracking) return { ...write(network, batch), averages: [] };
  const observed: Node[] = [];
  const written = write(network, batch, { observe: (mean, variance) => observed.push(mean, variance) });
  const { g } = written;
  const averages = runningInputs(g, network).map((average, index) => {
    const kept = g.scale(average, 1 - statisticsMomentum);
    return g.add(kept, g.scale(observed[index] ?? average, statisticsMomentum));
  });
  return { ...written, averages };
}

/**
 * Outputs: logits.
 *
 * @param running whether batch normalisation uses running averages, which are inputs then, or the batch's own
 */
export function logitsProgram(network: Network, batch: number, running = false): Program {
  if (!running) return compile([write(network, batch).logits]);
  const g = new GraphBuilder();
  return compile([write(network, batch, { running: runningInputs(g, network) }, g).logits]);
}

/** Outputs: loss, logits, gradient to the images, gradients to the parameters. */
export function gradientsProgram(network: Network, batch: number): Program {
  const written = write(network, batch);
  const loss = crossEntropy(written);
  return compile([
    loss,
    written.logits,
    ...gradients(written.g, loss, [written.images, ...written.parameters]),
  ]);
}

/** Outputs: loss, new parameters, with `tracking` new running averages. `p -= lr * g`. */
export function plainSgdProgram(network: Network, batch: number, tracking = false): Program {
  const written = writeTraining(network, batch, tracking);
  const { g, parameters, averages } = written;
  const loss = crossEntropy(written);
  const lr = g.input(inputNames.lr, []);
  const steps = gradients(g, loss, parameters);
  const moved = parameters.map((p, index) => g.sub(p, g.mul(steps[index] ?? p, lr)));
  return compile([loss, ...moved, ...averages]);
}

/**
 * Outputs: loss, new parameters, new velocities, with `tracking` new running averages.
 * `g += weightDecay * p; u = momentum * u + g; p -= lr * u`.
 */
export function momentumSgdProgram(network: Network, batch: number, tracking = false): Program {
  const written = writeTraining(network, batch, tracking);
  const { g, parameters, averages } = written;
  const loss = crossEntropy(written);
  const lr = g.input(inputNames.lr, []);
  const momentum = g.input(inputNames.momentum, []);
  const weightDecay = g.input(inputNames.weightDecay, []);
  const slopes = gradients(g, loss, parameters);
  const velocities = parameters.map((p, index) => {
    const decayed = g.add(slopes[index] ?? p, g.mul(p, weightDecay));
    return g.add(g.mul(g.input(inputNames.velocity(index), p.shape), momentum), decayed);
  });
  const moved = parameters.map((p, index) => g.sub(p, g.mul(velocities[index] ?? p, lr)));
  return compile([loss, ...moved, ...velocities, ...averages]);
}

/**
 * Outputs: slope `s = v . dCE/dtheta`, `ds/dx`, `v - alpha * ds/dtheta`, with `toTargets` also `ds/dtargets`.
 *
 * `s` is written as the derivative of the loss along `v`. The gradient `u * g` for a loss scaled by `u` is
 * linear in `u`, so `s` is the derivative to `u` of `v . (u * g)`: transposing the backward pass once more
 * gives a forward pass of tangents that needs no filter gradients, one convolution in nine less.
 */
export function secondOrderProgram(network: Network, batch: number, toTargets = false): Program {
  const written = write(network, batch);
  const { g, images, parameters, logits } = written;
  const targets = g.input(inputNames.targets, logits.shape);
  const loss = crossEntropy(written, targets);
  const unit = g.input('unit', []);
  const scaled = gradients(g, loss, parameters, unit);
  const v = parameters.map((p, index) => g.input(inputNames.direction(index), p.shape));
  const along = v.map((direction, index) => g.dot(direction, scaled[index] ?? direction));
  const [slope = unit] = gradients(
    g,
    along.reduce((sum, part) => g.add(sum, part)),
    [unit],
  );
  const alpha = g.input(inputNames.alpha, []);
  const wanted = toTargets ? [images, ...parameters, targets] : [images, ...parameters];
  const [toImages = slope, ...others] = gradients(g, slope, wanted);
  return compile([
    slope,
    toImages,
    ...v.map((direction, index) => g.sub(direction, g.mul(others[index] ?? direction, alpha))),
    ...others.slice(v.length),
  ]);
}
