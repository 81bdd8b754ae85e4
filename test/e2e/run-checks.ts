/**
 * @file What every finished run has to show, whatever its definition: all that its plan has, with numbers that are some.
 */
import assert from 'node:assert/strict';
import type { Reference } from '../../artifacts/reference.js';
import { getDistilled } from '../../artifacts/distilled-sets.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { Plan, PlannedStage } from '../../definition/plan.js';
import type { PipelineResult, ReportOutput, StageOutput } from '../../definition/stages.js';

export interface CheckedRun {
  readonly plan: Plan;
  /** Of the data set. */
  readonly classes: number;
  readonly result: PipelineResult;
  /** Ids of stages that conditions leave out. */
  readonly skipped?: readonly string[];
}

/** Returns the text of the report. */
export async function checkRun(
  store: ArtifactStore,
  { plan, classes, result, skipped = [] }: CheckedRun,
): Promise<string> {
  const planned = plan.stages.filter(({ id }) => !skipped.includes(id));
  assert.deepEqual(Object.keys(result.stages).sort(), planned.map(({ id }) => id).sort());
  assert.deepEqual(Object.keys(result.skipped ?? {}).sort(), [...skipped].sort());
  let page: string | undefined;
  for (const stage of planned) {
    const output = result.stages[stage.id];
    assert.ok(output !== undefined);
    if (output.type === 'report') page = await checkReport(store, output, plan);
    else await checkStage(store, stage, output, classes);
  }
  assert.ok(page !== undefined, 'a report is written');
  return page;
}

async function checkStage(
  store: ArtifactStore,
  stage: PlannedStage,
  output: Exclude<StageOutput, ReportOutput>,
  classes: number,
): Promise<void> {
  switch (output.type) {
    case 'train-experts':
      assert.ok(stage.uses === 'train-experts');
      assert.equal(output.count, stage.with.count);
      assert.equal(output.accuracyByEpoch.length, stage.with.epochs + 1);
      shares([...output.accuracyByEpoch, output.accuracy], stage.id);
      break;
    case 'distill': {
      assert.ok(stage.uses === 'distill');
      const { ipc, iterations } = stage.with;
      await checkImages(store, output.result, ipc, classes);
      const lines = new TextDecoder()
        .decode(await store.get(output.metrics))
        .trimEnd()
        .split('\n');
      assert.equal(lines.length, iterations, stage.id);
      for (const line of lines) assert.ok(Number.isFinite((JSON.parse(line) as { loss: number }).loss), line);
      assert.ok(output.candidates.some(({ iteration }) => iteration === output.iteration));
      shares(
        output.candidates.map(({ accuracy }) => accuracy),
        stage.id,
      );
      break;
    }
    case 'select':
      assert.ok(stage.uses === 'select');
      assert.equal(output.count, stage.with.ipc * classes);
      await checkImages(store, output.result, stage.with.ipc, classes);
      break;
    case 'evaluate':
      assert.ok(stage.uses === 'evaluate' && output.rows.length > 0);
      for (const { trainedOn, source, accuracies, mean } of output.rows) {
        if (trainedOn !== 'full') assert.equal(accuracies.length, stage.with.runs, stage.id);
        if (source === 'training') assert.equal(accuracies.length, stage.with.full?.runs, stage.id);
        shares([...accuracies, mean], stage.id);
      }
      break;
    case 'custom':
      for (const [name, { ipc, count }] of Object.entries(output.images)) {
        const reference = output.outputs[name];
        assert.ok(typeof reference === 'object' && count === ipc * classes);
        await checkImages(store, reference, ipc, classes);
      }
      break;
  }
}

async function checkImages(
  store: ArtifactStore,
  reference: Reference,
  ipc: number,
  classes: number,
): Promise<void> {
  const { labels, images, shape, learnedRate } = await getDistilled(store, reference);
  const expected = Array.from({ length: classes * ipc }, (_, image) => Math.floor(image / ipc));
  assert.deepEqual(
    [...labels].sort((a, b) => a - b),
    expected,
  );
  assert.equal(images.length, labels.length * shape.channels * shape.height * shape.width);
  assert.ok(images.every(Number.isFinite) && learnedRate > 0);
}

async function checkReport(
  store: ArtifactStore,
  { files, report }: ReportOutput,
  plan: Plan,
): Promise<string> {
  for (const file of files) assert.equal((await store.get(file)).length, file.bytes, file.key);
  const page = new TextDecoder().decode(await store.get(report));
  const stage = plan.stages.find(({ uses }) => uses === 'report');
  assert.ok(stage?.uses === 'report');
  assert.ok(page.includes(`<title>${stage.with.title ?? plan.name}`), page.slice(0, 400));
  return page;
}

function shares(values: readonly number[], id: string): void {
  for (const value of values) assert.ok(value >= 0 && value <= 1, `${id}: ${value}`);
}
