/**
 * @file A module of types of stages that run in the compute process: one that never awaits, and one that uses the engine.
 */
import * as z from 'zod';
import type { StageNetwork } from '../../custom/stage-context.js';
import { defineStage } from '../../custom/stage-type.js';
import { gradients } from '../../tensor/differentiate.js';

/** Draws numbers, and keeps its thread to itself for some seconds after every one. */
const stubborn = defineStage({
  name: 'stubborn',
  runs: 'compute',
  inputs: z.strictObject({ steps: z.int().min(1), seconds: z.number().min(0), name: z.string().default('') }),
  outputs: { mean: 'number', drawn: 'artifact' },
  async run({ steps, seconds }, { dataset, random, store, progress }) {
    const { train } = await dataset();
    const drawn: number[] = [];
    for (let step = 0; step < steps; step += 1) {
      drawn.push(random(step).integer(train.count));
      const end = performance.now() + 1000 * seconds;
      while (performance.now() < end);
      progress(step + 1, steps, { drawn: drawn[step] ?? 0 });
    }
    return {
      mean: drawn.reduce((sum, value) => sum + value / steps, 0),
      drawn: await store.write(Uint8Array.from(drawn), 'application/octet-stream'),
    };
  },
});

/** Minimises x^2 on the engine, and trains the run's network a little on what it is not normalised by. */
const learning = defineStage({
  name: 'learning',
  runs: 'compute',
  inputs: z.strictObject({ steps: z.int().default(20) }),
  outputs: { square: 'number', before: 'number', after: 'number', engine: 'text' },
  async run({ steps }, { dataset, engine, breathe }) {
    const { info, compile, network } = await engine();
    const step = compile((graph) => {
      const x = graph.input('x', [3]);
      const [slope] = gradients(graph, graph.dot(x, x), [x]);
      return slope === undefined ? [] : [graph.sub(x, graph.scale(slope, 0.25))];
    });
    let x: Float32Array = Float32Array.of(1, -2, 3);
    for (let at = 0; at < steps; at += 1) {
      [x = x] = step({ x });
      await breathe();
    }
    const { train, manifest } = await dataset();
    const losses = trained(await network(), steps, {
      images: Float32Array.from(train.images, (byte) => byte / 255),
      count: train.count,
      targets: Float32Array.from({ length: train.count * manifest.classes }, (_, at) =>
        Number(train.labels[Math.floor(at / manifest.classes)] === at % manifest.classes),
      ),
    });
    return {
      square: x.reduce((sum, value) => sum + value ** 2, 0),
      before: losses[0] ?? 0,
      after: losses.at(-1) ?? 0,
      engine: info.name,
    };
  },
});

function trained(
  { programs, initial }: StageNetwork,
  steps: number,
  batch: Parameters<StageNetwork['programs']['gradients']>[1],
): number[] {
  const losses: number[] = [];
  let parameters = programs.upload(initial(0));
  for (let at = 0; at < steps; at += 1) {
    const settings = { lr: 0.1, momentum: 0, weightDecay: 0 };
    const { loss, parameters: next } = programs.sgdStep(parameters, undefined, batch, settings);
    programs.release(parameters);
    parameters = next;
    losses.push(loss);
  }
  programs.release(parameters);
  return losses;
}

/** Fails in the way it is told. */
const failing = defineStage({
  name: 'failing',
  runs: 'compute',
  inputs: z.strictObject({ forGood: z.boolean() }),
  outputs: {},
  run({ forGood }) {
    const error = new TypeError('there is nothing to sharpen');
    return Promise.reject(
      forGood ? Object.assign(new Error('give up'), { nonRetryable: true, type: 'Hopeless' }) : error,
    );
  },
});

export default [stubborn, learning, failing];
