/**
 * @file The result folder as a whole: files, digests, the page, the sentence, and what is left out.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { PNG } from 'pngjs';
import { putParts } from '../../artifacts/parts.js';
import { sha256 } from '../../artifacts/digest.js';
import { decodeDistilled, encodeDistilled } from '../../artifacts/result-folder.js';
import { putWhitening } from '../../artifacts/whitenings.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import { size, folder, row, options, textOf, pageOf, sentence, sections, without } from './page.js';
import { sampleRun } from './sample.js';

test('the folder holds every file with the digest it is said to have', async () => {
  const { store, input } = await sampleRun(options());
  const output = await writeReport(store, input);
  assert.equal(output.folder, folder);
  const names = [
    'distilled.safetensors',
    'grid.png',
    'images/00-cat-001.png',
    'images/01-dog-001.png',
    'metrics.jsonl',
    'report.html',
    'run.json',
  ];
  assert.deepEqual(
    store.keys().filter((key) => key.startsWith('results/')),
    names.map((name) => folder + name),
  );
  assert.deepEqual(
    output.files.map(({ key }) => key).sort(),
    names.map((name) => folder + name),
  );
  for (const reference of output.files) await store.get(reference);
  const record = JSON.parse(await textOf(store, 'run.json')) as {
    files: { name: string; sha256: string }[];
    seed: number;
    definition: string;
    workflowId: string;
    result: string;
    dataset: { manifest: { sha256: string } };
  };
  assert.deepEqual(
    record.files.map(({ name }) => name).sort(),
    names.filter((name) => name !== 'run.json'),
  );
  for (const file of record.files) {
    assert.equal(sha256((await store.getObject(folder + file.name)) ?? ''), file.sha256, file.name);
  }
  assert.equal(record.seed, 1);
  assert.equal(record.definition, 'name: tiny\n');
  assert.equal(record.workflowId, 'fmnist');
  assert.equal(record.dataset.manifest.sha256, input.dataset.sha256);
  assert.match(record.result, /^2 images trained a ConvNet to 71\.2 % ± 0\.8 on the test set/);
  const distill = input.stages['distill']?.output;
  assert.ok(distill?.type === 'distill');
  assert.deepEqual(await store.getObject(folder + 'distilled.safetensors'), await store.get(distill.result));
});

test('the same run gives the same bytes', async () => {
  const digests = async (): Promise<string[]> => {
    const { store, input } = await sampleRun(options());
    return (await writeReport(store, input)).files.map((file) => file.sha256);
  };
  assert.deepEqual(await digests(), await digests());
});

test('pictures of distilled images decode to their size, real ones to their pixels', async () => {
  const { store, input } = await sampleRun(options());
  await writeReport(store, input);
  const png = PNG.sync.read(Buffer.from((await store.getObject(`${folder}images/01-dog-001.png`)) ?? ''));
  assert.deepEqual([png.width, png.height], [8, 8]);
  const page = await textOf(store, 'report.html');
  const real = Array.from(
    page.matchAll(/<img src="data:image\/png;base64,([^"]+)"[^>]*alt="Real (\w+) \d"/g),
  );
  assert.equal(real.length, 8);
  for (const [, base64 = '', name] of real) {
    const { data } = PNG.sync.read(Buffer.from(base64, 'base64'));
    assert.equal(data[0], name === 'Cat' ? 100 : 101, name);
  }
});

test('the sentence says the result, and less where there is less to compare', async () => {
  assert.equal(
    sentence(await pageOf({})),
    '2 images trained a ConvNet to 71.2 % ± 0.8 on the test set: 21.0 points more than 2 random real images, 84 % of what 7 epochs on all 20,000 give.',
  );
  assert.equal(
    sentence(await pageOf({ rows: [row('distilled', 0.4), row('random', 0.425)] })),
    '2 images trained a ConvNet to 40.0 % ± 0.8 on the test set: 2.5 points less than 2 random real images.',
  );
  assert.equal(
    sentence(await pageOf({ rows: [row('distilled', 0.4), row('random', 0.4002)] })),
    '2 images trained a ConvNet to 40.0 % ± 0.8 on the test set: as much as 2 random real images.',
  );
  assert.equal(
    sentence(await pageOf({ rows: [row('distilled', 0.4)] })),
    '2 images trained a ConvNet to 40.0 % ± 0.8 on the test set.',
  );
  assert.equal(
    sentence(await pageOf({}, without('evaluate'))),
    '2 images distilled from 20,000 in 40 iterations: 72.0 % on the held-out images, not evaluated on the test set.',
  );
  assert.equal(
    sentence(await pageOf({}, without('distill', 'evaluate'))),
    '6 experts reached 84.8 % ± 0.4 on the test set after 7 epochs on 20,000 images.',
  );
});

test('the network that was distilled with comes first, under its longer name too', async () => {
  const wide = { ...row('distilled', 0.9), architecture: 'ConvNet-D3-W128' };
  const own = { ...row('distilled', 0.6), architecture: 'ConvNet-D3-W32' };
  assert.match(
    sentence(await pageOf({ rows: [wide, own] })),
    /^2 images trained a ConvNet-D3-W32 to 60\.0 %/,
  );
});

test('sections of stages that did not run are left out', async () => {
  assert.deepEqual(sections(await pageOf({})), [
    'images',
    'accuracy',
    'selection',
    'distillation',
    'experts',
    'stages',
    'reproduce',
  ]);
  assert.deepEqual(sections(await pageOf({}, without('evaluate'))), [
    'images',
    'selection',
    'distillation',
    'experts',
    'stages',
    'reproduce',
  ]);
  assert.deepEqual(sections(await pageOf({}, without('distill', 'evaluate'))), [
    'experts',
    'stages',
    'reproduce',
  ]);
  assert.deepEqual(sections(await pageOf({}, without('experts', 'distill', 'evaluate'))), ['reproduce']);
});

test('without a distillation there are no pictures of one', async () => {
  const { store, input } = await sampleRun(options());
  const output = await writeReport(store, without('distill', 'evaluate')(input));
  assert.deepEqual(
    output.files.map(({ key }) => key),
    [`${folder}report.html`, `${folder}run.json`],
  );
});

test('hostile names and definitions stay text', async () => {
  const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  const { store, input } = await sampleRun(
    options({ classNames: [attack, 'Dog'], name: attack, definitionText: `${attack}</pre><style>` }),
  );
  const output = await writeReport(store, {
    ...input,
    workflowId: attack,
    runId: attack,
    temporalCommand: attack,
    versions: { [attack]: attack },
  });
  const page = new TextDecoder().decode(await store.get(output.report));
  assert.match(page, /&lt;script&gt;alert\(1\)/);
  assert.doesNotMatch(page, /<script/i);
  // Outside quoted values no tag has it as an attribute.
  assert.doesNotMatch(page.replaceAll(/="[^"]*"/g, '=""'), /<[^>]*\sonerror\s*=/i);
  assert.equal(page.match(/<style>/g)?.length, 1);
});

test('the page asks no server for anything', async () => {
  const page = await pageOf({ ipc: 3 });
  assert.match(
    page,
    /http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src/,
  );
  assert.doesNotMatch(page, /https?:|\burl\(|@import|<link|<script|<iframe|srcset/i);
  for (const [, address = ''] of page.matchAll(/\s(?:src|href|xlink:href|action|poster)="([^"]*)"/g)) {
    assert.match(address, /^data:image\/png;base64,/);
  }
});

test('large sets name their pictures in run.json only, and show ten a class', async () => {
  const { store, input } = await sampleRun(options({ ipc: 60 }));
  const output = await writeReport(store, input);
  assert.equal(output.files.length, 5);
  const record = JSON.parse(await textOf(store, 'run.json')) as { files: unknown[] };
  assert.equal(record.files.length, 4 + 120);
  const page = await textOf(store, 'report.html');
  assert.equal(page.match(/alt="Distilled /g)?.length, 20);
  assert.match(page, /the first 10 of 60 images a class/);
});

test('a missing artifact is an error that names it', async () => {
  const { store, input } = await sampleRun(options());
  const distill = input.stages['distill']?.output;
  assert.ok(distill?.type === 'distill');
  await store.remove(distill.metrics.key);
  await assert.rejects(writeReport(store, input), (error: Error) => {
    assert.equal(error.name, 'Corrupt');
    assert.ok(error.message.includes(distill.metrics.key), error.message);
    return true;
  });
});

test('whitened images are shown as pictures, and the folder has what users need to do the same', async () => {
  const { store, input } = await sampleRun(options());
  const { distill } = input.stages;
  assert.equal(distill?.output.type, 'distill');
  const set = decodeDistilled(await store.get(distill.output.result));
  // Whitened by halving what is left without a grey of 0.5.
  const diagonal = (value: number): Float32Array =>
    Float32Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? value : 0));
  const mean = new Float32Array(size).fill(0.5);
  const whitening = await putWhitening(store, 'unit', {
    mean,
    transform: diagonal(0.5),
    inverse: diagonal(2),
  });
  const whitened = { ...set, images: set.images.map((_, at) => (at % size) / size / 2 - 0.25), whitening };
  const bytes = encodeDistilled({ ...whitened, mean: [0, 0, 0], std: [1, 1, 1] });
  const result = await store.putBlob(bytes, 'application/octet-stream');
  const edited: ReportInput = {
    ...input,
    plan: { ...input.plan, dataset: { ...input.plan.dataset, zca: true } },
    stages: { ...input.stages, distill: { ...distill, output: { ...distill.output, result } } },
  };
  await writeReport(store, edited);
  assert.match(await textOf(store, 'report.html'), /whitened by/);
  for (const [name, reference] of [
    ['zca-transform.safetensors', whitening.transform],
    ['zca-inverse.safetensors', whitening.inverse],
  ] as const) {
    assert.deepEqual(await store.getObject(folder + name), await store.get(reference));
  }
  const picture = PNG.sync.read(Buffer.from((await store.getObject(`${folder}images/00-cat-001.png`))!));
  for (let pixel = 0; pixel < 64; pixel += 1) {
    const red = picture.data[pixel * 4]!;
    assert.ok(Math.abs(red - (pixel / size) * 255) < 1, `pixel ${pixel}: ${red}`);
  }
});

test('images that one file cannot hold are several, and the page says how to load them', async () => {
  const { store, input } = await sampleRun(options());
  const { distill } = input.stages;
  assert.equal(distill?.output.type, 'distill');
  const set = decodeDistilled(await store.get(distill.output.result));
  const pixels = set.images.length / 2;
  const halves = [0, 1].map((half) => ({
    ...set,
    images: set.images.subarray(half * pixels, (half + 1) * pixels),
    labels: set.labels.subarray(half, half + 1),
  }));
  assert.equal(set.labels.length, 2);
  const parts = await Promise.all(halves.map((half) => store.putBlob(encodeDistilled(half), 'x')));
  const result = await putParts(store, parts);
  const edited: ReportInput = {
    ...input,
    stages: { ...input.stages, distill: { ...distill, output: { ...distill.output, result } } },
  };
  const { files } = await writeReport(store, edited);
  assert.deepEqual(
    files.map(({ key }) => key.slice(folder.length)).filter((name) => name.startsWith('distilled')),
    ['distilled-00001-of-00002.safetensors', 'distilled-00002-of-00002.safetensors'],
  );
  assert.deepEqual(
    await store.getObject(`${folder}distilled-00002-of-00002.safetensors`),
    encodeDistilled(halves[1]!),
  );
  assert.match(await textOf(store, 'report.html'), /sorted\(glob\(&quot;distilled-\*\.safetensors&quot;\)\)/);
});
