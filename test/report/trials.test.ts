/**
 * @file Several distillations in one report: which are compared, and what of their matches is shown.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeMetrics, type IterationMetrics } from '../../artifacts/metrics.js';
import type { MttConfig, PlannedStage } from '../../definition/plan.js';
import type { EvaluationRow } from '../../definition/stages.js';
import { familyChart } from '../../report/charts/family.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import { matched } from '../../report/matched.js';
import { sampleRun } from './sample.js';

const shape = { channels: 1, height: 4, width: 4 };

/** A match an iteration: a way of 10, of which half is left, from epochs 0, 1, 2 in turn. */
const lines = (iterations: number, scale = 1): IterationMetrics[] =>
  Array.from({ length: iterations }, (_, index) => ({
    iteration: index + 1,
    loss: 0.25 + 0.1 * (index % 3),
    learnedRate: 0.02,
    gradientNorm: 1,
    startEpoch: index % 3,
    expertDistance: 10 * scale,
    studentDistance: 6 * scale,
    distanceLeft: 5 * scale,
  }));

const row = (mean: number): EvaluationRow => ({
  trainedOn: 'distilled',
  architecture: 'ConvNet',
  mean,
  std: 0.01,
  accuracies: [mean - 0.01, mean + 0.01],
});

interface Variant {
  readonly id: string;
  readonly change: Partial<MttConfig>;
  readonly accuracy?: number;
  readonly scale?: number;
}

/** The page of a run with a distillation and an evaluation for each variant. */
async function pageOf(variants: readonly Variant[], edit = (input: ReportInput) => input): Promise<string> {
  const { store, input } = await sampleRun({
    name: 'trials',
    classNames: ['cat', 'dog'],
    ipc: 1,
    iterations: 40,
    real: {
      shape,
      count: 8,
      images: new Uint8Array(8 * 16).fill(90),
      labels: Int32Array.from({ length: 8 }, (_, at) => at % 2),
    },
    mean: [0.5],
    std: [0.25],
    synthetic: new Float32Array(2 * 16),
    rows: [row(0.6)],
    definitionText: 'name: trials\n',
    trainingImages: 1000,
    testImages: 100,
  });
  const [experts, distill, evaluate, report] = input.plan.stages;
  assert.ok(experts && distill?.uses === 'distill' && evaluate?.uses === 'evaluate' && report);
  const { method } = distill.with;
  const output = input.stages.distill?.output;
  const scores = input.stages.evaluate?.output;
  assert.ok(method.name === 'mtt' && output?.type === 'distill' && scores?.type === 'evaluate');
  const stages: Record<string, ReportInput['stages'][string]> = { experts: input.stages.experts! };
  const planned: PlannedStage[] = [];
  for (const { id, change, accuracy, scale } of variants) {
    const metrics = await store.putBlob(encodeMetrics(lines(40, scale)), 'application/jsonl');
    planned.push({ ...distill, id, with: { ...distill.with, method: { ...method, ...change } } });
    stages[id] = { output: { ...output, metrics }, state: 'finished' };
    if (accuracy === undefined) continue;
    const dataset = { stage: id, output: 'result' };
    planned.push({ ...evaluate, id: `evaluate-${id}`, with: { ...evaluate.with, dataset } });
    stages[`evaluate-${id}`] = { output: { ...scores, rows: [row(accuracy)] }, state: 'finished' };
  }
  const plan = { ...input.plan, stages: [experts, ...planned, report] };
  const written = await writeReport(store, edit({ ...input, plan, stages }));
  return new TextDecoder().decode(await store.get(written.report));
}

const section = (page: string, id: string): string =>
  new RegExp(`<section id="${id}">.*?</section>`, 's').exec(page)?.[0].replaceAll('\u00a0', ' ') ?? '';
const tableRows = (text: string): string[] =>
  Array.from(text.matchAll(/<tr[ >].*?<\/tr>/g), ([line]) =>
    line.replaceAll(/<[^>]*>/g, '|').replaceAll(/\|+/g, '|'),
  );

const range = (synSteps: number, expertEpochs: number, accuracy?: number, scale = 1): Variant => ({
  id: `n${synSteps}-m${expertEpochs}`,
  change: { synSteps, expertEpochs },
  ...(accuracy !== undefined && { accuracy }),
  scale,
});

describe('what the matches say', () => {
  it('is taken from the last quarter of the iterations up to the chosen one', () => {
    const rows = lines(40).map((line) => ({
      ...line,
      expertDistance: line.iteration > 32 ? 1000 : line.iteration,
    }));
    const said = matched(rows, 32);
    assert.deepEqual(said?.travelled.iterations, 8);
    assert.equal(said.travelled.expert, (25 + 32) / 2);
    assert.equal(said.travelled.student, 6);
    assert.deepEqual(
      said.byStartEpoch.map(({ epoch, matches }) => [epoch, matches]),
      [
        [0, 3],
        [1, 3],
        [2, 2],
      ],
    );
    assert.ok(
      said.byStartEpoch.every(
        ({ epoch, loss, std }) => Math.abs(loss - 0.25 - 0.1 * epoch) < 1e-12 && std < 1e-12,
      ),
    );
  });

  it('is nothing where an older version has recorded nothing', () => {
    const old = lines(10).map(({ iteration, loss, learnedRate }) => ({ iteration, loss, learnedRate }));
    assert.equal(matched(old, 10), undefined);
    assert.equal(matched([], 0), undefined);
  });

  it('counts every one of several matches of an iteration', () => {
    const several = lines(4).map(({ iteration, loss, learnedRate }) => ({
      ...{ iteration, loss, learnedRate },
      ...{ expertDistance: 2, studentDistance: 1, distanceLeft: 1 },
      ...{ 'startEpoch.1': 4, 'loss.1': 0.5, 'startEpoch.2': 9, 'loss.2': 0.7 },
    }));
    assert.deepEqual(matched(several, 4)?.byStartEpoch, [
      { epoch: 4, loss: 0.5, std: 0, matches: 1 },
      { epoch: 9, loss: 0.7, std: 0, matches: 1 },
    ]);
  });
});

describe('short-range against long-range matching', () => {
  it('is compared where distillations differ in N and M', async () => {
    const variants = [range(1, 1, 0.4, 0.5), range(1, 2, 0.35), range(10, 1, 0.5, 0.5), range(10, 2, 0.62)];
    const text = section(await pageOf(variants), 'ranges');
    assert.match(text, /Short-range against long-range matching/);
    assert.deepEqual(tableRows(text).slice(1), [
      '|n1-m1|1|1|5|3|50 %|72.0 %|40.0 % ± 1.0|',
      '|n1-m2|1|2|10|6|50 %|72.0 %|35.0 % ± 1.0|',
      '|n10-m1|10|1|5|3|50 %|72.0 %|50.0 % ± 1.0|',
      '|n10-m2|10|2|10|6|50 %|72.0 %|62.0 % ± 1.0|',
    ]);
    // A curve for each N in both figures, and the held-out accuracy beside.
    assert.equal(text.match(/<svg /g)?.length, 2);
    assert.deepEqual(
      Array.from(text.matchAll(/class="curvename"[^>]*>([^<]*)</g), ([, name]) => name).sort(),
      ['N = 1', 'N = 1', 'N = 10', 'N = 10'],
    );
    assert.equal(text.match(/class="line beside"/g)?.length, 4);
    assert.match(text, /n10-m2: N = 10, M = 2: 62\.0 % on the test set, 72\.0 % held out/);
  });

  it('goes by the held-out accuracy where nothing was evaluated', async () => {
    const text = section(await pageOf([range(1, 1), range(2, 1)]), 'ranges');
    assert.match(text, /held-out accuracy by epochs of the expert/);
    assert.doesNotMatch(text, /class="line beside"/);
  });

  it('is left out of other runs', async () => {
    const other = { id: 'other', change: { synSteps: 20, lrImg: 3 } };
    for (const variants of [
      [range(1, 1)],
      [range(1, 1), { ...range(1, 1), id: 'again' }],
      [range(1, 1), other],
    ])
      assert.equal(section(await pageOf(variants), 'ranges'), '');
  });
});

describe('where matching starts', () => {
  it('is shown by accuracy against maxStartEpoch and loss against the epoch', async () => {
    const variants = [2, 8, 5].map((maxStartEpoch, index) => ({
      id: `max-${maxStartEpoch}`,
      change: { maxStartEpoch },
      accuracy: 0.5 + 0.1 * index,
    }));
    const page = await pageOf(variants);
    const text = section(page, 'start-epochs');
    assert.match(text, /Accuracy by maxStartEpoch/);
    assert.match(text, /max-8: 60\.0 % on the test set/);
    assert.match(text, /from epoch 2: mean loss 0\.45 over \d matches/);
    assert.deepEqual(
      Array.from(text.matchAll(/class="curvename"[^>]*>(max [^<]*)</g), ([, name]) => name),
      ['max 2', 'max 5', 'max 8'],
    );
    assert.equal(section(page, 'ranges'), '');
  });

  it('is the loss alone in a run with one distillation', async () => {
    const text = section(await pageOf([range(10, 2, 0.6)]), 'start-epochs');
    assert.match(text, /Matching loss by start epoch/);
    assert.doesNotMatch(text, /Accuracy by maxStartEpoch/);
  });
});

describe('a family of curves', () => {
  it('names curves that end at one place apart from each other, and inside the frame', () => {
    const curve = (name: string, y: number) => ({
      name,
      points: [
        { x: 1, y },
        { x: 2, y },
      ],
    });
    const text = familyChart({
      name: 'n',
      describe: 'd',
      x: { label: 'x', format: String },
      y: { label: 'y', format: String, kind: 'linear' },
      curves: [curve('a', 0), curve('b', 0), curve('c', 0), curve('d', 1)],
    }).text;
    const at = Array.from(text.matchAll(/class="curvename" x="404" y="([\d.]+)"/g), ([, y]) => Number(y));
    assert.equal(at.length, 4);
    const sorted = at.toSorted((a, b) => a - b);
    for (const [index, y] of sorted.entries()) {
      assert.ok(y <= 236);
      if (index > 0) assert.ok(y - sorted[index - 1]! >= 13.99, sorted.join());
    }
  });
});
