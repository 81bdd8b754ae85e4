/**
 * @file The published runs as definitions: all compile without a warning, and say what was published.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { compile, definitionJsonSchema, describePlan } from '../../definition/index.js';
import type { DistillStage, Plan, StageType } from '../../definition/plan.js';

/** From `dist/test/definition`. */
const folder = fileURLToPath(new URL('../../../pipelines/paper/', import.meta.url));
const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
const read = (name: string): string => readFileSync(`${folder}${name}.yaml`, 'utf8');

/** N, M, maxStartEpoch, batchSyn, lrImg, lrLr, lrInit; depth of the network. */
type Constants = readonly [number, number, number, number | undefined, number, number, number, number];
const published: Readonly<Record<string, Constants>> = {
  'cifar-10-ipc-1': [50, 2, 2, undefined, 100, 1e-7, 0.01, 3],
  'cifar-10-ipc-10': [30, 2, 20, undefined, 100, 1e-5, 0.001, 3],
  'cifar-10-ipc-50': [30, 2, 40, undefined, 1000, 1e-5, 0.001, 3],
  'cifar-100-ipc-1': [20, 3, 20, undefined, 1000, 1e-5, 0.01, 3],
  'cifar-100-ipc-10': [20, 2, 20, undefined, 1000, 1e-5, 0.01, 3],
  'cifar-100-ipc-50': [80, 2, 40, 125, 1000, 1e-5, 0.01, 3],
  'tiny-imagenet-ipc-1': [10, 2, 10, undefined, 10_000, 1e-4, 0.01, 4],
  'tiny-imagenet-ipc-10': [20, 2, 40, 200, 10_000, 1e-4, 0.01, 4],
  'tiny-imagenet-ipc-50': [20, 2, 40, 300, 10_000, 1e-4, 0.01, 4],
  'imagenet-ipc-1': [20, 2, 10, undefined, 10_000, 1e-6, 0.01, 5],
  'imagenet-ipc-10': [20, 2, 10, 20, 10_000, 1e-6, 0.01, 5],
  'cross-architecture': [30, 2, 20, undefined, 100, 1e-5, 0.001, 3],
};

const find = <Type extends StageType>({ stages }: Plan, uses: Type) =>
  stages.find((stage): stage is Extract<Plan['stages'][number], { uses: Type }> => stage.uses === uses);

function distillation(plan: Plan): DistillStage {
  const stage = find(plan, 'distill');
  assert.ok(stage);
  return stage;
}

describe('the published runs', () => {
  it('are all there, and fit the JSON Schema', () => {
    const fits = new Ajv().compile(definitionJsonSchema());
    for (const name of names) assert.ok(fits(parse(read(name))), `${name}: ${JSON.stringify(fits.errors)}`);
    assert.deepEqual(
      names.toSorted(),
      [...Object.keys(published), 'baselines', 'long-short-range', 'start-epochs'].sort(),
    );
  });

  for (const [
    name,
    [synSteps, expertEpochs, maxStartEpoch, batchSyn, lrImg, lrLr, lrInit, depth],
  ] of Object.entries(published))
    it(`${name} has the published constants`, () => {
      const { plan, warnings } = compile(read(name));
      assert.deepEqual(warnings, []);
      const { method, ipc, iterations, init } = distillation(plan).with;
      assert.deepEqual(method, {
        name: 'mtt',
        synSteps,
        expertEpochs,
        maxStartEpoch,
        lrImg,
        lrLr,
        lrInit,
        lrFloor: 1e-6,
        momentum: 0.5,
        ...(batchSyn !== undefined && { batchSyn }),
      });
      assert.equal(ipc, name === 'cross-architecture' ? 10 : Number(/ipc-(\d+)/.exec(name)?.[1]));
      assert.deepEqual([iterations, init], [5000, 'real']);
      const network = {
        architecture: 'ConvNet',
        depth,
        width: 128,
        norm: 'instance',
        pool: 'avg',
        act: 'relu',
      };
      assert.deepEqual(plan.network, network);
      const { config, evaluation } = {
        config: find(plan, 'train-experts')?.with,
        evaluation: find(plan, 'evaluate')?.with,
      };
      assert.deepEqual(
        [config?.epochs, config?.lr, config?.momentum, config?.weightDecay, config?.batchSize],
        [50, 0.01, 0, 0, 256],
      );
      assert.deepEqual([evaluation?.runs, evaluation?.epochs, evaluation?.lr], [5, 1000, 'learned']);
    });

  it('count their work where the data set is known', () => {
    for (const name of names) {
      const { sgdSteps, storedBytes } = describePlan(compile(read(name)).plan);
      const isKnown = !name.startsWith('imagenet');
      assert.deepEqual([sgdSteps > 9000, storedBytes > 1e7], [isKnown, isKnown], name);
    }
  });

  it('are for six subsets of ImageNet', () => {
    for (const subset of ['imagenette', 'imagewoof', 'imagemeow', 'imagesquawk', 'imagefruit', 'imageyellow'])
      for (const name of ['imagenet-ipc-1', 'imagenet-ipc-10'])
        assert.equal(compile(read(name), { params: { subset } }).plan.dataset.source, `${subset}-128`);
  });

  it('whiten the images where that was published, and share the experts of equal images', () => {
    const whitened = names.filter((name) => compile(read(name)).plan.dataset.zca);
    assert.deepEqual(whitened.sort(), [
      'cifar-10-ipc-1',
      'cifar-10-ipc-10',
      'cifar-100-ipc-1',
      'cifar-100-ipc-50',
      'cross-architecture',
      'long-short-range',
      'start-epochs',
    ]);
    for (const [one, other] of [
      ['cifar-10-ipc-1', 'cifar-10-ipc-10'],
      ['cifar-10-ipc-1', 'cross-architecture'],
      ['cifar-10-ipc-1', 'long-short-range'],
      ['cifar-10-ipc-10', 'start-epochs'],
      ['cifar-100-ipc-1', 'cifar-100-ipc-50'],
      ['tiny-imagenet-ipc-1', 'tiny-imagenet-ipc-10'],
      ['tiny-imagenet-ipc-1', 'tiny-imagenet-ipc-50'],
      ['imagenet-ipc-1', 'imagenet-ipc-10'],
    ] as const) {
      const [a, b] = [one, other].map((name) => compile(read(name)).plan);
      assert.deepEqual([a?.dataset, a?.seed, a?.network], [b?.dataset, b?.seed, b?.network]);
      assert.deepEqual(a && find(a, 'train-experts')?.with, b && find(b, 'train-experts')?.with);
    }
    const { with: distil } = distillation(compile(read('cross-architecture')).plan);
    assert.deepEqual(distil, distillation(compile(read('cifar-10-ipc-10')).plan).with);
  });

  it('are varied in how far they match and from where, each in that alone', () => {
    for (const [name, base, axes] of [
      ['long-short-range', 'cifar-10-ipc-1', { synSteps: [1, 5, 10, 20, 50], expertEpochs: [1, 2, 4, 8] }],
      ['start-epochs', 'cifar-10-ipc-10', { maxStartEpoch: [1, 5, 20, 40, 48] }],
    ] as const) {
      const { plan, warnings } = compile(read(name));
      assert.deepEqual(warnings, []);
      const cells = plan.stages.filter((stage): stage is DistillStage => stage.uses === 'distill');
      const evaluated = plan.stages.flatMap((stage) =>
        stage.uses === 'evaluate' ? [stage.with.dataset.stage] : [],
      );
      assert.deepEqual(
        evaluated,
        cells.map(({ id }) => id),
      );
      const { with: published } = distillation(compile(read(base)).plan);
      const varied = new Set<string>();
      for (const { with: config } of cells) {
        const method = Object.fromEntries(Object.entries<unknown>({ ...config.method }));
        const settings = Object.keys(axes).map((axis) => method[axis]);
        varied.add(JSON.stringify(settings));
        const same = Object.fromEntries(Object.keys(axes).map((axis) => [axis, 0]));
        assert.deepEqual(
          { ...config, method: { ...config.method, ...same } },
          { ...published, method: { ...published.method, ...same } },
        );
      }
      const combinations = Object.values<readonly number[]>(axes).reduce(
        (product, values) => product * values.length,
        1,
      );
      assert.deepEqual([cells.length, varied.size], [combinations, combinations]);
      // The published setting is among them, so that its result is found.
      assert.ok(
        cells.some(({ with: config }) => JSON.stringify(config) === JSON.stringify(published)),
        name,
      );
    }
  });

  it('stand beside coresets and the other methods', () => {
    const { stages } = compile(read('baselines')).plan;
    const methods = stages.flatMap((stage) =>
      stage.uses === 'distill' || stage.uses === 'select' ? [stage.with.method.name] : [],
    );
    assert.deepEqual(methods.sort(), ['dc', 'dd', 'dm', 'dsa', 'forgetting', 'herding', 'k-center', 'kip']);
    assert.equal(stages.filter(({ uses }) => uses === 'evaluate').length, methods.length);
  });

  it('are evaluated on the networks of the paper across architectures', () => {
    const networks = find(compile(read('cross-architecture')).plan, 'evaluate')?.with.networks;
    assert.deepEqual(
      networks?.map(({ architecture }) => architecture),
      ['ConvNet', 'ResNet18', 'VGG11', 'AlexNet'],
    );
  });
});
