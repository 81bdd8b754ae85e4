/**
 * @file What a change of a definition computes again, and what of a plan is in the store already.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { beginStage } from '../../activities/begin-stage.js';
import { finishStage } from '../../activities/finish-stage.js';
import { recordTrajectorySet } from '../../activities/record-trajectory-set.js';
import { stageIdentity } from '../../activities/stage-identity.js';
import { differenceLines } from '../../cli/plans/difference-lines.js';
import { planDifference } from '../../cli/plans/plan-difference.js';
import { storeLines, storeWord } from '../../cli/plans/plan-store.js';
import { storedStages } from '../../cli/plans/stored-stages.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import { sha256 } from '../../artifacts/digest.js';
import { datasetKey } from '../../artifacts/layout.js';
import { compile } from '../../definition/index.js';
import { datasetManifest, putExpert } from '../activities/fixtures.js';
import { changed, example } from '../definition/examples.js';
import { MemoryStore } from '../support/memory-store.js';

const compared = (text: string, params = {}) => ({
  plan: compile(text, { params }).plan,
  definition: sha256(text),
});

async function kinds(before: string, after: string, params = {}): Promise<Record<string, string>> {
  const { stages } = await planDifference(compared(before), compared(after, params));
  return Object.fromEntries(stages.map(({ id, kind }) => [id, kind]));
}

describe('the difference between plans', () => {
  const same = { experts: 'same', distill: 'same', evaluate: 'same', report: 'same' };
  const again = { distill: 'recomputed', evaluate: 'recomputed', report: 'recomputed' };

  it('is nothing for the same definition', async () => {
    assert.deepEqual(await kinds(example, example), same);
  });

  it('is what a parameter reaches, and what builds on it', async () => {
    assert.deepEqual(await kinds(example, example, { ipc: 10 }), { experts: 'same', ...again });
    const difference = await planDifference(compared(example), compared(example, { ipc: 10 }));
    assert.deepEqual(difference.params, [{ path: 'ipc', before: 1, after: 10 }]);
    assert.deepEqual(differenceLines(difference, terminalInMemory()), [
      'PARAMETER  BEFORE  AFTER',
      'ipc        1       10',
      '',
      '= experts   same result',
      '~ distill   ipc 1 → 10',
      '~ evaluate  what distill gives it changes',
      '~ report    what distill, evaluate gives it changes',
      '',
      'Stages: 1 the same, 3 to be computed again.',
    ]);
  });

  it('is everything after another seed, and all but nothing after another way to work', async () => {
    const all = { experts: 'recomputed', ...again };
    assert.deepEqual(await kinds(example, changed('seed: 7', 'seed: 8')), all);
    const parallel = changed('count: 2, epochs: 10 }', 'count: 2, epochs: 10 }\n    maxParallel: 1');
    assert.deepEqual(await kinds(example, parallel), { ...same, report: 'recomputed' });
    const { stages } = await planDifference(compared(example), compared(parallel));
    assert.deepEqual(stages[0]?.handling, [{ path: 'maxParallel', before: 4, after: 1 }]);
    // A report shows the definition.
    assert.deepEqual(stages[3]?.differences, [{ path: 'the text of the definition' }]);
  });

  it('knows a stage by its work, not by its name', async () => {
    const renamed = example.replaceAll(/(?<!train-)experts/g, 'teachers');
    const { stages } = await planDifference(compared(example), compared(renamed));
    assert.deepEqual(
      stages.map(({ id, kind, sameAs }) => [id, kind, sameAs]),
      [
        ['teachers', 'same', 'experts'],
        ['distill', 'same', undefined],
        // The scores of the experts stand in it by name.
        ['evaluate', 'recomputed', undefined],
        ['report', 'recomputed', undefined],
        ['experts', 'removed', undefined],
      ],
    );
  });

  it('is another expression for a setting that another stage decides', async () => {
    const of = (factor: number): string =>
      changed('iterations: 100', `iterations: '\${{ round(${factor} * stages.experts.accuracy) }}'`);
    assert.deepEqual(await kinds(of(100), of(100)), same);
    const { stages } = await planDifference(compared(of(100)), compared(of(200)));
    assert.deepEqual(stages[1]?.differences, [
      {
        path: 'with.iterations',
        before: '${{ round(100 * stages.experts.accuracy) }}',
        after: '${{ round(200 * stages.experts.accuracy) }}',
      },
    ]);
    assert.deepEqual(stages[1].handling, []);
  });

  it('is another result taken from elsewhere, and what builds on it', async () => {
    const own = 'uses: train-experts\n    with: { count: 2, epochs: 10 }';
    const from = (run: string): string => changed(own, `uses: train-experts\n    from: ${run}/experts`);
    const { stages } = await planDifference(compared(from('one')), compared(from('two')));
    assert.deepEqual(
      stages.map(({ id, kind, because }) => [id, kind, because]),
      [
        ['experts', 'recomputed', []],
        ['distill', 'recomputed', ['experts']],
        ['evaluate', 'recomputed', ['distill', 'experts']],
        ['report', 'recomputed', ['experts', 'distill', 'evaluate']],
      ],
    );
    assert.deepEqual(stages[0]?.differences, [{ path: 'from', before: 'one/experts', after: 'two/experts' }]);
    const taken = await planDifference(compared(example), compared(from('one')));
    assert.deepEqual(
      taken.stages.map(({ id, kind }) => [id, kind]),
      [['experts', 'recomputed'], ...Object.entries(again)],
    );
    assert.deepEqual(taken.stages[0]?.differences, [
      { path: 'from', before: 'computed', after: 'one/experts' },
    ]);
  });
});

describe('the store', () => {
  const bytes = new TextEncoder().encode(example);
  const { plan } = compile(example);

  it('has nothing without the data set', async () => {
    const stored = await storedStages(new MemoryStore(), plan, bytes);
    assert.equal(stored.hasDataset, false);
    assert.ok(stored.stages.every(({ isKnown, found }) => !isKnown && found === undefined));
    assert.deepEqual(storeLines({ stored }), ['Nothing is in memory yet, not even the data set.']);
  });

  /** A store in which a run has left its experts. */
  async function storeWithExperts() {
    const store = new MemoryStore();
    const manifest = (await store.putManifest(datasetKey('fashion-mnist'), datasetManifest(60_000)))
      .reference;
    const dataset = { manifest, limit: 1000, holdout: 500, seed: 7 };
    const run = { seed: 7, network: plan.network, dataset };
    const [experts, distill] = plan.stages;
    assert.ok(experts !== undefined && distill !== undefined);
    const begin = { stage: experts, run, inputs: {}, cache: true };
    const provenance = { workflowId: 'first/experts', runId: 'r', now: new Date() };
    const { key } = await beginStage(store, begin, provenance);
    const trajectories = [await putExpert(store, 0, [0.1, 0.7])];
    const output = await recordTrajectorySet(store, { key, network: plan.network, trajectories });
    const startedAt = new Date().toISOString();
    await finishStage(store, { key, type: 'train-experts', output, startedAt }, provenance);
    return { store, run, distill, key, output };
  }

  it('has what a run has left, as far as keys are known', async () => {
    const { store, run, distill, key, output } = await storeWithExperts();
    const stored = await storedStages(store, plan, bytes);
    const inputs = { trajectories: output.trajectories };
    assert.deepEqual(
      stored.stages.map(({ stage, isKnown, found, key: own }) => [
        stage.id,
        isKnown,
        found !== undefined,
        isKnown && own,
      ]),
      [
        ['experts', true, true, key],
        ['distill', true, false, stageIdentity({ stage: distill, run, inputs })],
        ['evaluate', false, false, false],
        ['report', false, false, false],
      ],
    );
    assert.deepEqual(storeLines({ stored }), ['1 of 4 stages is in memory already: experts.']);
    // Part of it is gone: it will be computed again.
    await store.remove(output.trajectories.key);
    const [lost] = (await storedStages(store, plan, bytes)).stages;
    assert.equal(lost?.found, undefined);
  });

  it('is not asked for what a condition skips, which no count has', async () => {
    const { store } = await storeWithExperts();
    const skippedIf = (condition: string): string =>
      changed('    needs: [experts]', `    needs: [experts]\n    when: '\${{ ${condition} }}'`);
    for (const [condition, skips] of [
      ['false', true],
      ['stages.experts.accuracy > 0.9', true],
      ['stages.experts.accuracy > 0.5', false],
      ['stages.distill.accuracy > 0.5', false],
    ] as const) {
      const { plan: open } = compile(skippedIf(condition));
      const stored = await storedStages(store, open, bytes);
      const skipped = stored.stages.flatMap(({ stage, skipped: why }) =>
        why === undefined ? [] : [stage.id],
      );
      assert.deepEqual(skipped, skips ? ['evaluate'] : []);
      assert.deepEqual(storeLines({ stored }), [
        `1 of ${skips ? 3 : 4} stages is in memory already: experts.`,
        ...(skips ? ['Skipped, as a condition (when) does not hold: evaluate.'] : []),
      ]);
      assert.equal(storeWord({ stored }, 'evaluate'), skips ? 'skipped' : '-');
    }
  });

  it('says the settings that follow from what is there, and the key that they make', async () => {
    const late = changed('iterations: 100', "iterations: '${{ round(100 * stages.experts.accuracy) }}'");
    const { plan: open } = compile(late);
    const { store, run, distill, output } = await storeWithExperts();
    assert.ok(distill.uses === 'distill');
    const written = compile(changed('iterations: 100', 'iterations: 70')).plan.stages[1];
    assert.ok(written);
    const inputs = { trajectories: output.trajectories };
    const [, found] = (await storedStages(store, open, bytes)).stages;
    assert.deepEqual([found?.isKnown, found?.key], [true, stageIdentity({ stage: written, run, inputs })]);
    assert.deepEqual(found?.stage, written);
    // Without them the expression is what there is.
    await store.remove(output.trajectories.key);
    const [, unknown] = (await storedStages(store, open, bytes)).stages;
    assert.deepEqual(
      [unknown?.isKnown, unknown?.identity.config['iterations']],
      [false, '${{ round(100 * stages.experts.accuracy) }}'],
    );
  });
});
