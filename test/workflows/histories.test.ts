/**
 * @file Long runs: whatever the number of iterations, experts, networks, stages and lost workers, no history
 * grows long, no message grows large, and nothing is done twice or left out. Every history is read back from
 * the server and measured.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FinishStageInput, SelectCandidateInput } from '../../activities/contract.js';
import type { ComputeTasks, TaskName } from '../../compute/protocol.js';
import type { Plan, PlannedStage } from '../../definition/plan.js';
import type { StageStatus } from '../../definition/stages.js';
import { pipelineStatus } from '../../workflows/index.js';
import { measureRuns, type MeasuredRun } from '../support/histories.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers, type PipelineHandle } from './harness.js';
import { distillation, evaluation, experts, planOf, reporting } from './plans.js';
import { Pretend, type Interference } from './pretend.js';

/** Promised in docs/durability.md; Temporal itself ends a workflow at 51,200 events, or 50 MiB. */
const mostEvents = 4000;
/** Temporal takes payloads of 2 MiB and messages of 4 MiB. */
const largestPayload = 512 * 1024;
const largestMessage = 2 * 1024 * 1024;

describe('histories', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  /** Runs the plan; `check` gets the runs of every workflow, all within the limits. */
  async function longRun(
    t: TestContext,
    plan: Plan,
    interfere: Interference,
    check: (pretend: Pretend, runs: (id: string) => MeasuredRun[], handle: PipelineHandle) => Promise<void>,
  ): Promise<void> {
    const pretend = new Pretend(interfere);
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      await handle.result();
      const ids = [handle.workflowId, ...plan.stages.map(({ id }) => `${handle.workflowId}/${id}`)];
      const measured = new Map<string, MeasuredRun[]>();
      for (const id of ids) measured.set(id, await measureRuns(server.client, id));
      t.diagnostic(describeRuns(measured));
      for (const run of [...measured.values()].flat()) {
        const said = JSON.stringify(run);
        assert.ok(run.events < mostEvents, said);
        assert.ok(run.largestPayload < largestPayload, said);
        assert.ok(run.largestTask < largestMessage, said);
      }
      const runs = (id: string) =>
        measured.get(id === '' ? handle.workflowId : `${handle.workflowId}/${id}`)!;
      await check(pretend, runs, handle);
    });
  }

  for (const [iterations, chunk, every] of [
    [5_000, 10, 100],
    [100_000, 100, 500],
  ] as const) {
    it(`distils ${iterations} iterations in chunks of ${chunk} without a gap`, async (t) => {
      const stage = { ...distillation(iterations, chunk, every), maxParallel: 4 };
      await longRun(t, planOf(experts(), stage), none, async (pretend, runs) => {
        const chunks = inputs(pretend, 'distillChunk');
        assert.equal(chunks.length, iterations / chunk);
        chunks.forEach(({ from, to }, index) => {
          assert.deepEqual([from, to], [chunk * index, chunk * (index + 1)]);
        });
        // Two networks for each candidate, none of them twice.
        const candidates = iterations / every;
        const trained = inputs(pretend, 'evaluateNetwork').map(
          ({ trainingSet, run }) => `${'result' in trainingSet ? trainingSet.result.key : ''} ${run}`,
        );
        assert.equal(trained.length, 2 * candidates);
        assert.equal(new Set(trained).size, trained.length);
        assert.equal(pretend.outputs().distill?.candidates.length, candidates);

        assert.ok(runs('distill').length > 1);
        assert.ok(runs('')[0]!.events < 500, 'the pipeline hears of it seldom');
        // The stage began with its first run, not with its last.
        const [first] = runs('distill');
        const { startTime } = await server.client.workflow
          .getHandle(first!.workflowId, first!.runId)
          .describe();
        assert.equal(finished(pretend, 'distill').startedAt, startTime.toISOString());
      });
    });
  }

  it('keeps candidates that wait for their evaluation when a run is left', async (t) => {
    // Far more networks to train than can be trained beside the chunks.
    const stage = { ...distillation(450, 1, 1), maxParallel: 1 };
    const single = { ...stage, with: { ...stage.with, selection: { every: 1, runs: 1, epochs: 10 } } };
    const slow: Interference = ({ name }) =>
      name === 'evaluateNetwork' ? new Promise((resolve) => setTimeout(resolve, 20)) : undefined;
    await longRun(t, planOf(experts(), single), slow, (pretend, runs) => {
      assert.ok(runs('distill').length > 1);
      assert.equal(pretend.count('distillChunk'), 450);
      assert.equal(pretend.count('evaluateNetwork'), 450);
      const { candidates } = pretend.calls.find(({ name }) => name === 'selectCandidate')
        ?.args[0] as SelectCandidateInput;
      assert.ok(candidates.every(({ accuracies }) => accuracies.every((accuracy) => accuracy === 0.6)));
      return Promise.resolve();
    });
  });

  it('trains 200 experts though one of them loses its worker 2,000 times', async (t) => {
    const stage = experts({ with: { ...experts().with, count: 200 }, maxParallel: 8 });
    const storm = stormOn('trainExpert', 2000, ({ index }) => index === 7);
    await longRun(t, planOf(stage), storm, async (pretend, runs, handle) => {
      assert.ok(runs('experts').length > 3);
      const attempts = new Array<number>(200).fill(0);
      for (const { index } of inputs(pretend, 'trainExpert')) attempts[index]! += 1;
      assert.deepEqual(
        attempts,
        attempts.map((_, index) => (index === 7 ? 2001 : 1)),
      );
      assert.equal(pretend.outputs()['train-experts']?.count, 200);
      assert.equal((await stageOf(handle, 'experts')).preemptions, 2000);
      assert.ok(runs('')[0]!.events < 500);
    });
  });

  it('evaluates 1,000 networks, each once, in several runs', async (t) => {
    const { with: config } = evaluation();
    const stage = evaluation({ maxParallel: 8, with: { ...config, runs: 500 } });
    await longRun(t, planOf(experts(), distillation(2, 2, 2), stage), none, (pretend, runs) => {
      assert.ok(runs('evaluate').length > 1);
      const trained = inputs(pretend, 'evaluateNetwork')
        .filter(({ split }) => split === 'test')
        .map(({ trainingSet, run }) => `${trainingSet.kind} ${run}`);
      assert.equal(trained.length, 1000);
      assert.equal(new Set(trained).size, 1000);
      const rows = pretend.outputs().evaluate?.rows ?? [];
      assert.deepEqual(
        rows.map(({ accuracies }) => accuracies.length),
        [500, 500],
      );
      return Promise.resolve();
    });
  });

  it('survives lost workers of a chunk, of an evaluation beside it, and after the last iteration', async (t) => {
    const storms = [
      stormOn('distillChunk', 550, ({ from }) => from === 5),
      stormOn('evaluateNetwork', 550, ({ run }) => run === 1),
      stormOnLight('selectCandidate', 550),
    ];
    const interfere: Interference = (call, nth) => storms.forEach((storm) => void storm(call, nth));
    await longRun(t, planOf(experts(), distillation(10, 5, 10)), interfere, async (pretend, runs, handle) => {
      assert.ok(runs('distill').length > 3);
      assert.equal(pretend.count('distillChunk'), 552);
      assert.equal(pretend.count('evaluateNetwork'), 552);
      assert.equal((await stageOf(handle, 'distill')).preemptions, 1650);
      assert.equal(finished(pretend, 'distill').engine?.name, 'pretend');
    });
  });

  it('counts what a unit has used of its budgets across runs', async () => {
    const retry = { failures: 3, preemptions: 1000, backoffSeconds: 5 };
    const stage = experts({ with: { ...experts().with, count: 1 }, retry });
    const pretend = new Pretend(stormOn('trainExpert', Infinity, () => true));
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(stage));
      assert.deepEqual(await failureOf(handle), {
        type: 'Preempted',
        message:
          'stage experts: expert 0 lost its worker 1001 times and failed 0 times, more than ' +
          '`retry.preemptions: 1000` allows; last: the worker is shutting down',
      });
      assert.equal(pretend.count('trainExpert'), 1001);
      assert.ok((await measureRuns(server.client, `${handle.workflowId}/experts`)).length > 1);
    });
  });

  it('walks 256 stages, a quarter of them started at once', async (t) => {
    const chains = Array.from({ length: 64 }, (_, index) => chain(String(index)));
    await longRun(t, planOf(...chains.flat()), none, async (pretend, runs, handle) => {
      assert.equal(pretend.count('finishStage'), 256);
      const { stages } = await handle.query(pipelineStatus);
      assert.ok(stages.every(({ state, done, total }) => state === 'finished' && done === total));
      assert.ok(runs('')[0]!.bytes < 4 * 1024 * 1024, JSON.stringify(runs('')));
    });
  });
});

/** The longest history of every kind of workflow, and the largest payload. */
function describeRuns(measured: ReadonlyMap<string, readonly MeasuredRun[]>): string {
  return [...measured]
    .map(([id, runs]) => [id, runs, Math.max(...runs.map(({ events }) => events))] as const)
    .toSorted((a, b) => b[2] - a[2])
    .slice(0, 3)
    .map(([id, runs, events]) => {
      const largest = Math.max(...runs.map((run) => run.largestPayload));
      return `${id.replace(/^[^/]*/, 'pipeline')}: ${runs.length} runs, at most ${events} events, payload ${largest} B`;
    })
    .join('; ');
}

const none: Interference = () => undefined;

/** Takes the worker away from attempts at the units that fit, `times` in all. */
function stormOn<K extends TaskName>(
  task: K,
  times: number,
  fits: (input: ComputeTasks[K]['input']) => boolean,
): Interference {
  let left = times;
  return ({ name, args }) => {
    if (name === task && fits(args[0] as ComputeTasks[K]['input']) && left-- > 0) throw preempted();
  };
}

function stormOnLight(activity: string, times: number): Interference {
  let left = times;
  return ({ name }) => {
    if (name === activity && left-- > 0) throw preempted();
  };
}

function preempted(): ApplicationFailure {
  return ApplicationFailure.retryable('the worker is shutting down', 'Preempted');
}

function inputs<K extends TaskName>(pretend: Pretend, task: K): ComputeTasks[K]['input'][] {
  return pretend.calls
    .filter(({ name }) => name === task)
    .map(({ args }) => args[0] as ComputeTasks[K]['input']);
}

function finished(pretend: Pretend, type: PlannedStage['uses']): FinishStageInput {
  const calls = pretend.calls.filter(({ name }) => name === 'finishStage');
  return calls.map(({ args }) => args[0] as FinishStageInput).findLast((input) => input.type === type)!;
}

async function stageOf(handle: PipelineHandle, id: string): Promise<StageStatus> {
  return (await handle.query(pipelineStatus)).stages.find((stage) => stage.id === id)!;
}

/** All four stages under names of their own, of a configuration of their own. */
function chain(suffix: string): PlannedStage[] {
  const [first, second, third] = [experts(), distillation(4, 2, 2), evaluation()];
  const epochs = 2 + Number(suffix);
  const named = (name: string) => `${name}-${suffix}`;
  return [
    { ...first, id: named('experts'), with: { ...first.with, epochs } },
    {
      ...second,
      id: named('distill'),
      needs: [],
      with: { ...second.with, trajectories: { stage: named('experts'), output: 'trajectories' } },
    },
    {
      ...third,
      id: named('evaluate'),
      needs: [],
      with: { ...third.with, dataset: { stage: named('distill'), output: 'result' } },
    },
    { ...reporting([named('evaluate')]), id: named('report') },
  ];
}
