/**
 * @file The report of a matrix: every cell beside the others, with those that have no result.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellId, type CellValues } from '../../definition/matrix.js';
import type { PlannedStage } from '../../definition/plan.js';
import type { EvaluationRow } from '../../definition/stages.js';
import { Stream } from '../../random/stream.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import { numericAxes, sweepsOf } from '../../report/sweep.js';
import { sampleRun } from './sample.js';

const shape = { channels: 1, height: 8, width: 8 };
const size = 64;

function row(trainedOn: EvaluationRow['trainedOn'], mean: number): EvaluationRow {
  return { trainedOn, architecture: 'ConvNet', mean, std: 0.01, accuracies: [mean - 0.01, mean + 0.01] };
}

/** A run with one distillation and evaluation, made into one for each cell. */
async function sweep(cells: readonly CellValues[], without: readonly string[] = []) {
  const classNames = ['Cat', '<b>Dog</b>'];
  const stream = new Stream(7, 'report-samples');
  const { store, input } = await sampleRun({
    name: 'Sweep',
    classNames,
    ipc: 1,
    iterations: 50,
    real: {
      shape,
      count: 12,
      images: new Uint8Array(12 * size).fill(99),
      labels: Int32Array.from({ length: 12 }, (_, at) => at % 2),
    },
    mean: [0.5],
    std: [0.2],
    synthetic: Float32Array.from({ length: 2 * size }, () => stream.normal()),
    rows: [row('distilled', 0.7), row('random', 0.5)],
    definitionText: 'name: sweep\n',
    trainingImages: 1000,
    testImages: 500,
  });
  const planned = (uses: PlannedStage['uses']): PlannedStage => {
    const stage = input.plan.stages.find((one) => one.uses === uses);
    assert.ok(stage);
    return stage;
  };
  const stages: Record<string, ReportInput['stages'][string]> = {};
  const expand = (of: 'distill' | 'evaluate'): PlannedStage[] =>
    cells.map((values, index) => {
      const stage = planned(of);
      const id = cellId(of, values);
      const before = input.stages[stage.id];
      assert.ok(before);
      if (!without.includes(id))
        stages[id] = {
          ...before,
          output:
            before.output.type === 'evaluate'
              ? { ...before.output, rows: [row('distilled', 0.6 + index / 100), row('random', 0.5)] }
              : before.output,
        };
      const place = { id, matrix: { of, cell: values } };
      if (stage.uses === 'evaluate')
        return {
          ...stage,
          ...place,
          with: { ...stage.with, dataset: { stage: cellId('distill', values), output: 'result' } },
        };
      assert.ok(stage.uses === 'distill');
      const { ipc } = values;
      return { ...stage, ...place, with: { ...stage.with, ipc: typeof ipc === 'number' ? ipc : 1 } };
    });
  const experts = planned('train-experts');
  const plan = { ...input.plan, stages: [experts, ...expand('distill'), ...expand('evaluate')] };
  const kept = input.stages[experts.id];
  assert.ok(kept);
  return { store, input: { ...input, plan, stages: { ...stages, [experts.id]: kept } } };
}

const cells = [1, 10, 50].flatMap((ipc) => ['real', 'noise'].map((init) => ({ ipc, init })));

describe('the report of a matrix', () => {
  it('has a row for each cell and a curve for each combination of the other axes', async () => {
    const { store, input } = await sweep(cells);
    const { report } = await writeReport(store, input);
    const html = new TextDecoder().decode(await store.get(report));
    const section = /<section id="sweep-evaluate".*?<\/section>/s.exec(html)?.[0] ?? '';
    assert.match(section, /Compared over ipc, init/);
    assert.equal(section.match(/<tr/g)?.length, 1 + cells.length);
    for (const { ipc, init } of cells)
      assert.match(section, new RegExp(`<td class="number">${ipc}</td><td>${init}</td>`));
    assert.match(section, /<tr class="strong"><td class="number">50<\/td><td>noise<\/td><td[^>]*>65\.0/);
    assert.equal(section.match(/class="curvename"/g)?.length, 2);
    assert.match(section, />init real<\/text>/);
    // Two classes for each cell.
    assert.equal(section.match(/<img src="data:image\/png;base64/g)?.length, 2 * cells.length);
    assert.match(section, /figures and pictures of this page are of distill\[ipc=50,init=noise\]/);
    assert.doesNotMatch(html, /Methods compared/);
  });

  it('says which cells have no result', async () => {
    const { store, input } = await sweep(cells, ['evaluate[ipc=1,init=real]', 'distill[ipc=1,init=real]']);
    const { report } = await writeReport(store, input);
    const html = new TextDecoder().decode(await store.get(report));
    assert.match(html, /1\u00a0cell of 6 has no result/);
    assert.match(html, /<td>real<\/td><td[^>]*>no result<\/td>/);
  });

  it('follows axes of numbers only, and compares distillations that nothing evaluates', async () => {
    const { input } = await sweep(cells);
    const [evaluated] = sweepsOf(input);
    assert.ok(evaluated);
    assert.deepEqual(numericAxes(evaluated), ['ipc']);
    const { plan } = input;
    const alone = {
      ...input,
      plan: { ...plan, stages: plan.stages.filter(({ uses }) => uses !== 'evaluate') },
    };
    const [distilled, ...more] = sweepsOf(alone);
    assert.deepEqual([distilled?.stage, distilled?.uses, more.length], ['distill', 'distill', 0]);
    const runs = plan.stages.flatMap((stage) =>
      stage.uses === 'distill' ? [stage.with.selection.runs] : [],
    );
    assert.deepEqual(
      distilled?.cells.map(({ heldOut }) => heldOut?.runs),
      runs,
    );
  });
});
