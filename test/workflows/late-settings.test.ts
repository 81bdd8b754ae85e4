/**
 * @file Settings that follow from numbers of other stages, while the pipeline runs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { BeginStageInput, WriteReportInput } from '../../activities/contract.js';
import type { DistillChunkInput, EvaluateNetworkInput } from '../../compute/protocol.js';
import { compile } from '../../definition/index.js';
import type { Plan } from '../../definition/plan.js';
import { pipelineStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import { Pretend } from './pretend.js';

/** Experts that reach 80 %, and a distillation whose settings may follow from that. */
function planned(iterations: string, ipc = '1'): Plan {
  return compile(`
name: late
dataset: { source: fashion-mnist, limit: 20000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: ${ipc}
      iterations: ${iterations}
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
  evaluate:
    uses: evaluate
    with: { dataset: '\${{ stages.distill.result }}', runs: 1 }
  report: { uses: report }
`).plan;
}

describe('settings that follow from numbers of other stages', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('have their values when the stage begins, and its result is that of the values written', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      const late = planned('${{ round(75 * stages.experts.accuracy) }}', '${{ stages.experts.count }}');
      const handle = await startPipeline(server.client, late);
      const { reused } = await handle.result();
      assert.deepEqual(reused, []);
      const { stages } = await handle.query(pipelineStatus);
      assert.deepEqual(
        stages.map(({ id, done, total }) => [id, done, total]),
        [
          ['experts', 2, 2],
          ['distill', 60, 60],
          ['evaluate', 2, 2],
          ['report', 1, 1],
        ],
      );
      const written = await startPipeline(server.client, planned('60', '2'));
      assert.deepEqual((await written.result()).reused, ['experts', 'distill', 'evaluate', 'report']);
    });
    assert.equal(pretend.count('settleStage'), 1);
    const asked = <Input>(name: string): Input[] =>
      pretend.calls.flatMap((call) => (call.name === name ? [call.args[0] as Input] : []));
    const begun = asked<BeginStageInput>('beginStage').map(({ stage }) => stage);
    assert.deepEqual(begun.slice(0, 4), begun.slice(4));
    assert.deepEqual(begun[1], planned('60', '2').stages[1]);
    const [chunk] = asked<DistillChunkInput>('distillChunk');
    assert.deepEqual([chunk?.iterations, chunk?.config.ipc], [60, 2]);
    // Real images of each class that are drawn: to begin with, and as a baseline.
    assert.equal(chunk?.dataset.perClass, 2);
    const baseline = asked<EvaluateNetworkInput>('evaluateNetwork').find(
      ({ trainingSet }) => trainingSet.kind === 'random',
    );
    assert.deepEqual(baseline?.trainingSet, { kind: 'random', ipc: 2 });
    assert.equal(baseline.dataset.perClass, 2);
    const [report] = asked<WriteReportInput>('writeReport');
    assert.deepEqual(report?.upstream['distill']?.stage, begun[1]);
  });

  it('end the stage with stage, setting and value where they do not fit', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planned('${{ stages.experts.accuracy / 2 }}'));
      assert.deepEqual(await failureOf(handle), {
        type: 'InvalidDefinition',
        message:
          'stage distill: late: stages.distill.with.iterations: expected a whole number, found 0.4 (from ${{ stages.experts.accuracy / 2 }}) [wrong-type]',
      });
      const { stages } = await handle.query(pipelineStatus);
      assert.deepEqual(
        stages.map(({ id, state }) => [id, state]),
        [
          ['experts', 'finished'],
          ['distill', 'failed'],
          ['evaluate', 'skipped'],
          ['report', 'skipped'],
        ],
      );
    });
    assert.equal(pretend.count('settleStage'), 1);
    assert.equal(pretend.count('distillChunk'), 0);
  });

  it('are put in again when a worker is lost on the way', async () => {
    const pretend = new Pretend(({ name }, nth) => {
      if (name === 'settleStage' && nth === 1) throw new Error('a fault that passes');
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(
        server.client,
        planned('${{ round(75 * stages.experts.accuracy) }}'),
      );
      await handle.result();
    });
    assert.equal(pretend.count('settleStage'), 2);
  });
});
