/**
 * @file How the page shows methods: those that are compared, each as what it is, and stages of users’ own types.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { KipConfig, Plan } from '../../definition/plan.js';
import type { StageOutput } from '../../definition/stages.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import { row, options, textOf, pageOf, sentence, sections, without } from './page.js';
import { sampleRun } from './sample.js';

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
