/**
 * @file Counts what a step of a network costs, from the very graph that would run.
 */
import type { CountStep, StepCost, StepKind } from '../definition/step-cost.js';
import { DistilleryError } from '../errors/errors.js';
import type { Network } from '../networks/network.js';
import { buildNetwork } from '../networks/registry.js';
import type { Program } from '../tensor/program.js';
import { sizeOf } from '../tensor/shape.js';
import { logitsProgram, momentumSgdProgram, plainSgdProgram, secondOrderProgram } from './step-graphs.js';

const programs: Readonly<Record<StepKind, (network: Network, batch: number) => Program>> = {
  logits: logitsProgram,
  'plain-sgd': plainSgdProgram,
  'momentum-sgd': momentumSgdProgram,
  'second-order': (network, batch) => secondOrderProgram(network, batch),
};

/** The cost of one step of a network at a batch size. */
export function costOfStep(network: Network, kind: StepKind, batch: number): StepCost {
  const program = programs[kind](network, batch);
  const given = program.inputs.reduce((bytes, { shape }) => bytes + 4 * sizeOf(shape), 0);
  return {
    flops: program.flops,
    bytesMoved: program.bytesMoved,
    operations: program.steps.length,
    peakBytes: program.peakBytes + given,
  };
}

/** A counter that builds each graph once. Networks that cannot be built here are left uncounted. */
export function stepCounter(): CountStep {
  const known = new Map<string, StepCost | undefined>();
  return (spec, image, classes, kind, batch) => {
    const key = JSON.stringify([spec, image, classes, kind, batch]);
    if (!known.has(key))
      known.set(
        key,
        countStep(() => buildNetwork(spec, image, classes), kind, batch),
      );
    return known.get(key);
  };
}

function countStep(build: () => Network, kind: StepKind, batch: number): StepCost | undefined {
  try {
    return costOfStep(build(), kind, batch);
  } catch (error) {
    if (error instanceof DistilleryError) return undefined;
    throw error;
  }
}
