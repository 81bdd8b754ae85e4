/**
 * @file Networks of the worker's owner: from a module's path to a trained expert in a real compute process.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../artifacts/s3-store.js';
import { getTrajectory } from '../../artifacts/trajectories.js';
import { ComputePool } from '../../compute/pool.js';
import type { TrainExpertInput } from '../../compute/protocol.js';
import { importDataset } from '../../datasets/import.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import { field, goldenParameters } from '../../distillation/golden/field.js';
import { loadNetworkModules, modulesValue } from '../../networks/modules.js';
import { buildNetwork } from '../../networks/registry.js';
import type { CustomSpec } from '../../networks/spec.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';
import { bandImages } from '../support/images.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { interpret } from '../support/interpreter.js';
import { startSeaweed } from '../support/s3-servers.js';
import { tinyClasses, tinyShape } from '../support/tiny.js';

const module = fileURLToPath(new URL('./own-networks.js', import.meta.url));
const wide: CustomSpec = { architecture: 'custom', name: 'Wide', options: { width: 4 } };
const names = [
  'stem.weight',
  'stem.bias',
  'norm.weight',
  'norm.bias',
  'inner.weight',
  'inner.bias',
  'gate.bias',
  'classifier.weight',
  'classifier.bias',
];

test('an expert of such a network is trained by a compute process that was given the module', async (t) => {
  const server = await startSeaweed();
  t.after(() => server.stop());
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server.settings;
  Object.assign(process.env, {
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const store = await openStore(process.env, { createBucket: true });
  const folder = await temporaryFolder(t);
  const images = (count: number, seed: number) => bandImages(count, tinyClasses, tinyShape, seed);
  await writeIdxFolder(folder, images(48, 1), images(16, 2));
  const { reference } = await importDataset(store, folder, { name: 'bands' });
  const input = (network: CustomSpec): TrainExpertInput => ({
    dataset: { manifest: reference, holdout: 8, seed: 3 },
    network,
    config: {
      count: 1,
      epochs: 6,
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      batchSize: 16,
      augmentation: 'none',
    },
    seed: 3,
    index: 0,
  });

  const pool = new ComputePool({ slots: 1, threads: 1, networks: modulesValue([module], undefined) });
  t.after(() => pool.close());
  const result = await pool.run('trainExpert', input(wide));
  const { parameters, network } = await getTrajectory(store, result.trajectory);
  assert.deepEqual(network, wide);
  assert.deepEqual(
    parameters.map(({ name }) => name),
    names,
  );
  assert.ok(result.accuracyByEpoch.at(-1)! > 0.9, result.accuracyByEpoch.join());

  await assert.rejects(pool.run('trainExpert', input({ ...wide, name: 'Deep' })), {
    code: 'InvalidDefinition',
    message: /does not know the network Deep \(it knows Wide\).*--networks FILE/,
  });
});

test('its second-order step is the gradient of v . grad', async () => {
  await loadNetworkModules(module);
  const input = { channels: 1, height: 9, width: 8 };
  const count = 3;
  const classes = 3;
  const network = buildNetwork(wide, input, classes);
  assert.deepEqual(
    network.parameters.map(({ name }) => name),
    names,
  );
  const programs = createNetworkPrograms(network, await testDevice());
  const targets = Float32Array.from({ length: count * classes }, (_, k) =>
    Number(Math.floor(k / classes) === k % classes),
  );
  const images = Float32Array.from(field(count * 72, 9, -1, 1));
  const flat = goldenParameters(network.parameters);
  const direction = Float32Array.from(field(flat.length, 11, -1, 1));
  const sets = [programs.upload(flat), programs.upload(direction)] as const;
  const ours = programs.secondOrderStep(sets[0], { images, count, targets }, sets[1], 1);
  const next = programs.download(ours.v);
  programs.release(...sets, ours.v);

  const g = new GraphBuilder();
  const x = g.input('images', [count, 1, 9, 8]);
  const nodes = network.parameters.map(({ name, shape }) => g.input(name, shape));
  const logits = network.forward(g, x, nodes);
  const loss = g.scale(g.dot(g.input('targets', logits.shape), g.logSoftmax(logits)), -1 / count);
  const along = nodes.map((node, index) => g.input(`v${index}`, node.shape));
  const slopes = gradients(g, loss, nodes).map((slope, index) => g.dot(slope, along[index]!));
  const slope = slopes.reduce((sum, part) => g.add(sum, part));
  const values: Record<string, Float64Array> = {
    images: Float64Array.from(images),
    targets: Float64Array.from(targets),
  };
  let offset = 0;
  network.parameters.forEach(({ name, shape }, index) => {
    const end = offset + sizeOf(shape);
    values[name] = Float64Array.from(flat.subarray(offset, end));
    values[`v${index}`] = Float64Array.from(direction.subarray(offset, end));
    offset = end;
  });
  const [s, dx, ...dTheta] = interpret([slope, ...gradients(g, slope, [x, ...nodes])], values);
  assert.ok(relativeError([ours.slope], s!) < 1e-5);
  assert.ok(relativeError(ours.images, dx!) < 1e-5);
  const expected = dTheta.flatMap((part) => [...part]).map((value, k) => direction[k]! - value);
  assert.ok(relativeError(next, expected) < 1e-5);
});

test('a module that is missing, does not load or exports something else is refused by its path', async (t) => {
  const folder = await temporaryFolder(t);
  const refused = async (name: string, text: string, message: RegExp): Promise<void> => {
    const path = join(folder, name);
    await writeFile(path, text);
    await assert.rejects(loadNetworkModules(path), { code: 'InvalidDefinition', message });
  };
  const missing = { code: 'InvalidDefinition', message: /no module of networks at .*absent\.mjs/ };
  assert.throws(() => modulesValue([join(folder, 'absent.mjs')], undefined), missing);
  await refused('broken.mjs', 'throw new Error("no luck")', /broken\.mjs does not load: no luck/);
  await refused('empty.mjs', 'export const Wide = 1', /its default export is not an object/);
  await refused('number.mjs', 'export default { Wide: 1 }', /"Wide" is not a function/);
  await refused('other.mjs', 'export default { Wide: () => undefined }', /Wide is defined twice/);
});

test('a network that returns no logits, or uses a name twice, is refused', async (t) => {
  const path = join(await temporaryFolder(t), 'wrong.mjs');
  await writeFile(
    path,
    `export default {
       Pixels: () => (_layers, images) => images,
       Twice: () => (layers, images, classes) => {
         const x = layers.convolution('a', images, { filters: 2, size: 3 });
         return layers.linear('a', x, classes);
       },
     };`,
  );
  await loadNetworkModules(path);
  const build = (name: string) => () =>
    buildNetwork({ architecture: 'custom', name, options: {} }, tinyShape, tinyClasses);
  assert.throws(build('Pixels'), { code: 'InvalidDefinition', message: /Pixels: gives \[2,8,8,1\]/ });
  assert.throws(build('Twice'), { code: 'InvalidDefinition', message: /a\.weight is used with the shapes/ });
});
