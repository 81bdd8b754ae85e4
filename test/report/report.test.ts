/**
 * @file The result folder as a whole: files, digests, the page, the sentence, and what is left out.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { putParts } from '../../artifacts/parts.js';
import { decodeDistilled, encodeDistilled } from '../../artifacts/result-folder.js';
import { putWhitening } from '../../artifacts/whitenings.js';
import { PNG } from 'pngjs';
import { sha256 } from '../../artifacts/digest.js';
import type { KipConfig, Plan } from '../../definition/plan.js';
import type { EvaluationRow, StageOutput } from '../../definition/stages.js';
import { Stream } from '../../random/stream.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import type { MemoryStore } from '../support/memory-store.js';
import { sampleRun, type SampleOptions } from './sample.js';

const shape = { channels: 3, height: 8, width: 8 };
const size = 3 * 8 * 8;
const folder = 'results/tiny-run/fmnist/0193f1c2-7a51-7e0a-9d0e-3f1d5c8a9b10/';

function row(trainedOn: EvaluationRow['trainedOn'], mean: number, std = 0.008): EvaluationRow {
  return { trainedOn, architecture: 'ConvNet', mean, std, accuracies: [mean - std, mean, mean + std] };
}

function options(changes: Partial<SampleOptions> = {}): SampleOptions {
  const classNames = changes.classNames ?? ['Cat', 'Dog'];
  const ipc = changes.ipc ?? 1;
  const count = classNames.length * 6;
  const stream = new Stream(7, 'report-samples');
  return {
    name: 'Tiny run',
    classNames,
    ipc,
    iterations: 50,
    // Images of class k are all of the grey value 100 + k, so that they are known again.
    real: {
      shape,
      count,
      images: Uint8Array.from(
        { length: count * size },
        (_, at) => 100 + (Math.floor(at / size) % classNames.length),
      ),
      labels: Int32Array.from({ length: count }, (_, at) => at % classNames.length),
    },
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.25, 0.5],
    synthetic: Float32Array.from({ length: classNames.length * ipc * size }, () => stream.normal()),
    rows: [row('distilled', 0.712), row('random', 0.502), row('full', 0.848)],
    definitionText: 'name: tiny\n',
    trainingImages: 20_000,
    testImages: 10_000,
    ...changes,
  };
}

async function textOf(store: MemoryStore, name: string): Promise<string> {
  const bytes = await store.getObject(folder + name);
  assert.ok(bytes, `${name} is missing`);
  return new TextDecoder().decode(bytes);
}

async function pageOf(
  changes: Partial<SampleOptions>,
  edit: (input: ReportInput) => ReportInput = (input) => input,
) {
  const { store, input } = await sampleRun(options(changes));
  await writeReport(store, edit(input));
  return textOf(store, 'report.html');
}

const sentence = (page: string): string =>
  (/<h1>(.*?)<\/h1>/.exec(page)?.[1] ?? '').replaceAll('\u00a0', ' ');
const sections = (page: string): string[] =>
  Array.from(page.matchAll(/<section id="(\w+)"/g), (match) => match[1] ?? '');

/** The run without some of its stages. */
function without(...ids: string[]): (input: ReportInput) => ReportInput {
  return (input) => ({
    ...input,
    stages: Object.fromEntries(Object.entries(input.stages).filter(([id]) => !ids.includes(id))),
  });
}

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

/** The run with an evaluation that trained on the whole set. */
const withFull = (input: ReportInput): ReportInput => ({
  ...input,
  plan: {
    ...input.plan,
    stages: input.plan.stages.map((stage) => {
      if (stage.uses !== 'evaluate') return stage;
      const full = { ...stage.with, runs: 2, epochs: 90, lr: 0.02 };
      return { ...stage, with: { ...stage.with, full } };
    }),
  },
});

test('whose number that of the whole set is, is said', async () => {
  const whole = { ...row('full', 0.9), source: 'training' } as const;
  const trained = await pageOf({ rows: [row('distilled', 0.45), whole] }, withFull);
  assert.match(sentence(trained), /: 50 % of what 90 epochs on all 20,000 give\.$/);
  assert.match(trained, /Whole set<\/span> <small>90\u00a0epochs</);
  assert.match(
    trained,
    /The whole set is what 2\u00a0networks reached on .* in 90\u00a0epochs \(SGD at 0\.02/,
  );
  assert.match(trained, /<td>6\u00a0networks trained; distilled/);
  const experts = await pageOf({});
  assert.match(experts, /Whole set<\/span> <small>experts, 7\u00a0epochs</);
  const other = { ...whole, architecture: 'ResNet18' };
  const both = await pageOf({ rows: [row('distilled', 0.4), row('full', 0.8), other] }, withFull);
  assert.match(
    both,
    /what the experts reached .* For the other networks the whole set is what 2\u00a0networks/,
  );
});

/** The run with a coreset that was evaluated after the distillation. */
async function withCoreset(edit: (input: ReportInput) => ReportInput = (input) => input): Promise<string> {
  const { store, input } = await sampleRun(options());
  const [, distill, evaluate] = input.plan.stages;
  assert.ok(distill?.uses === 'distill' && evaluate?.uses === 'evaluate');
  const plan: Plan = {
    ...input.plan,
    stages: [
      ...input.plan.stages,
      { ...evaluate, id: 'coreset', uses: 'select', with: { method: { name: 'herding' }, ipc: 1, lr: 0.01 } },
      {
        ...evaluate,
        id: 'evaluate-coreset',
        with: { ...evaluate.with, dataset: { stage: 'coreset', output: 'result' } },
      },
    ],
  };
  const result = { key: 'blobs/none', sha256: '0', bytes: 1, mediaType: 'none' };
  const scores = {
    type: 'evaluate',
    scores: result,
    rows: [row('selected', 0.55), row('random', 0.502)],
  } as const;
  await writeReport(
    store,
    edit({
      ...input,
      plan,
      stages: {
        ...input.stages,
        coreset: { output: { type: 'select', result, method: 'herding', count: 2 }, state: 'finished' },
        'evaluate-coreset': { output: scores, state: 'finished' },
      },
    }),
  );
  return textOf(store, 'report.html');
}

test('the sets of several methods are compared, and the distilled one leads', async () => {
  const page = await withCoreset();
  assert.match(sentence(page), /^2 images trained a ConvNet to 71\.2 %/);
  const table = /<section id="methods">.*?<\/section>/s.exec(page)?.[0] ?? '';
  const rows = Array.from(table.matchAll(/<tr[ >].*?<\/tr>/g), ([text]) =>
    text
      .replaceAll(/<[^>]*>/g, '|')
      .replaceAll(/\|+/g, '|')
      .replaceAll('\u00a0', ' '),
  );
  assert.deepEqual(rows.slice(-3), [
    '|trajectory matching|distill|1|ConvNet|71.2 % ± 0.8|3|',
    '|random images, others for each network|1|ConvNet|50.2 % ± 0.8|3|',
    '|herding|coreset|1|ConvNet|55.0 % ± 0.8|3|',
  ]);
  assert.doesNotMatch(await pageOf({}), /id="methods"/);
});

test('a distillation by another method is described as what it is', async () => {
  const page = await pageOf({}, (input) => ({
    ...input,
    plan: {
      ...input.plan,
      stages: input.plan.stages.map((stage) => {
        if (stage.uses !== 'distill') return stage;
        const { ipc, iterations, init, augmentation, selection: chosen } = stage.with;
        const method = { name: 'dm', lrImg: 1, momentum: 0.5, batchReal: 256, lrTrain: 0.01 } as const;
        return { ...stage, with: { method, ipc, iterations, init, augmentation, selection: chosen } };
      }),
    },
  }));
  assert.match(page, /after 40\u00a0iterations of distribution matching from random real images/);
  assert.match(page, /mean features of the synthetic images in a random network/);
  assert.match(page, /SGD at 0\.01, momentum/);
  assert.doesNotMatch(page, /learned rate|trajectory/i);
  assert.deepEqual(sections(page), [
    'images',
    'accuracy',
    'selection',
    'distillation',
    'stages',
    'reproduce',
  ]);
});

test('of kernel inducing points it is said what the kernel makes of them, and where they started', async () => {
  const page = await pageOf({}, (input) => ({
    ...input,
    plan: {
      ...input.plan,
      stages: input.plan.stages.map((stage) => {
        if (stage.uses !== 'distill') return stage;
        const { ipc, iterations, augmentation, selection: chosen } = stage.with;
        const method: KipConfig = {
          ...{ name: 'kip', depth: 3, weightVariance: 2, biasVariance: 0.01, ridge: 1e-6 },
          ...{ lrImg: 0.04, batchReal: 512, lrTrain: 0.01 },
        };
        const init = { stage: 'herding', output: 'result' };
        return { ...stage, with: { method, ipc, iterations, init, augmentation, selection: chosen } };
      }),
    },
    stages: Object.fromEntries(
      Object.entries(input.stages).map(([id, stage]) => [
        id,
        stage.output.type === 'distill'
          ? { ...stage, output: { ...stage.output, kernelAccuracy: { holdout: 0.8125, test: 0.801 } } }
          : stage,
      ]),
    ),
  }));
  assert.match(page, /after 40\u00a0iterations of kernel inducing points from the images of stage herding/);
  assert.match(page, /infinitely wide network of 3\u00a0hidden layers/);
  assert.match(page, /gets 81\.3\s% of the held-out images and 80\.1\s% of the test images right/);
});

test('learned labels and a rate that is kept are said', async () => {
  const fixed = await pageOf({});
  assert.doesNotMatch(fixed, /soft_labels|kept at/);
  const page = await pageOf({}, (input) => ({
    ...input,
    plan: {
      ...input.plan,
      stages: input.plan.stages.map((stage) => {
        if (stage.uses !== 'distill' || stage.with.method.name !== 'mtt') return stage;
        const method = { ...stage.with.method, lrLr: 0, labels: 'learned', lrLabels: 1 } as const;
        return { ...stage, with: { ...stage.with, method } };
      }),
    },
  }));
  assert.match(page, /distilled\[&quot;soft_labels&quot;\]|distilled\["soft_labels"\]/);
  assert.match(page, /learning rate, kept at/);
});

test('a stage of a user’s own type shows what it made, and its images count as a method', async () => {
  const page = await pageOf({}, (input) => {
    const evaluate = input.plan.stages.find(({ id }) => id === 'evaluate');
    const distill = input.plan.stages.find(({ id }) => id === 'distill');
    const output = input.stages['evaluate']?.output;
    assert.ok(evaluate?.uses === 'evaluate' && distill && output?.type === 'evaluate');
    const { with: config, ...common } = evaluate;
    const [own] = output.rows;
    assert.ok(own);
    const result = {
      key: 'blobs/sha256/ab/cd',
      sha256: 'c'.repeat(64),
      bytes: 12_345,
      mediaType: 'image/png',
    };
    const custom: StageOutput = {
      type: 'custom',
      stage: 'class-means',
      outputs: { images: result, contrast: 0.25, note: '<b>bold</b>', whole: true },
      images: { images: { ipc: 3, count: 6 } },
      document: result,
    };
    return {
      ...input,
      plan: {
        ...input.plan,
        stages: [
          ...input.plan.stages,
          { ...common, id: 'means', uses: 'custom', type: 'class-means', version: 1, with: {}, inputs: {} },
          {
            ...common,
            id: 'evaluate-means',
            uses: 'evaluate',
            with: { ...config, dataset: { stage: 'means', output: 'images' } },
          },
        ],
      },
      stages: {
        ...input.stages,
        means: { output: custom, state: 'finished' },
        'evaluate-means': {
          output: { ...output, rows: [{ ...own, mean: 0.4, accuracies: [0.4] }] },
          state: 'finished',
        },
      },
    };
  });
  const section = /<section id="custom">.*?<\/section>/s.exec(page)?.[0] ?? '';
  const cells = Array.from(section.matchAll(/<td[^>]*>(.*?)<\/td>/gs), ([, text = '']) =>
    text.replace(/<[^>]*>/g, ' ').trim(),
  );
  assert.deepEqual(cells, [
    'means  custom/class-means',
    'images',
    'blobs/sha256/ab/cd   image/png, 12,345 bytes',
    '',
    'contrast',
    '0.25',
    '',
    'note',
    '&lt;b&gt;bold&lt;/b&gt;',
    '',
    'whole',
    'true',
  ]);
  assert.match(
    page,
    /<span class="swatch distilled">custom\/class-means<\/span><\/td><td class="name">means<\/td><td class="number">3<\/td>/,
  );
});

test('a coreset alone leads too', async () => {
  const page = await withCoreset(without('distill', 'evaluate'));
  assert.equal(
    sentence(page),
    '2 real images selected by herding trained a ConvNet to 55.0 % ± 0.8 on the test set: 4.8 points more than 2 random real images.',
  );
  assert.match(page, /trained on the real images selected by herding alone/);
  assert.match(page, /Selected real<\/span><\/td><td class="number">2</);
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
