/**
 * @file Records the histories that the replay test replays, on a real Temporal server with pretend
 * activities. Run by `node scripts/record-histories.mjs NAME`; what older versions did stays beside it. See
 * docs/changing-workflows.md for when to do it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { compile } from '../../definition/index.js';
import type { Plan } from '../../definition/plan.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporal } from '../../setup/temporal.js';
import { packageRoot } from '../../setup/package-root.js';
import {
  cancelPipeline,
  pausePipeline,
  pipelineStatus,
  resumePipeline,
  retryStage,
} from '../../workflows/index.js';
import { quietRuntime } from '../support/temporal.js';
import { startPipeline, withWorkers, type PipelineHandle } from './harness.js';
import {
  distillation,
  evaluation,
  experts,
  fullPlan,
  network,
  planOf,
  selection,
  sweep,
  takenExperts as taken,
} from './plans.js';
import { Pretend, untilCancelled, type Interference } from './pretend.js';

/** One lost worker, one error that passes. */
const troubled: Interference = ({ name }, nth) => {
  if (name === 'trainExpert' && nth === 2) throw ApplicationFailure.retryable('leaving', 'Preempted');
  if (name === 'distillChunk' && nth === 3)
    throw ApplicationFailure.retryable('no answer', 'StoreUnavailable');
};

const diverging: Interference = ({ name }) => {
  if (name === 'distillChunk') throw ApplicationFailure.nonRetryable('the learned rate is NaN', 'Diverged');
};

quietRuntime();
const [, , version, ...only] = process.argv;
if (version === undefined || !/^[\w.-]+$/.test(version)) {
  throw new Error('usage: record-histories NAME [WHAT...], the folder under test/histories to write');
}
const folder = join(packageRoot(), 'test', 'histories', version);
await mkdir(folder, { recursive: true });
const temporal = await ensureTemporal(distilleryHome(), (line) => console.error(line), {
  ...process.env,
  TEMPORAL_ADDRESS: '',
});
if (temporal.kind !== 'binary') throw new Error('a server of our own is needed');
const server = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'existing-path', path: temporal.path } },
});
try {
  const records = {
    finished: recordFinished,
    selected: recordSelected,
    failed: recordFailed,
    cancelled: recordCancelled,
    controlled: recordControlled,
    discarded: recordDiscarded,
    swept: recordSwept,
    long: recordLong,
    taken: recordTaken,
    whole: recordWhole,
    late: recordLate,
  };
  for (const [what, record] of Object.entries(records))
    if (only.length === 0 || only.includes(what)) await record();
} finally {
  await server.teardown();
}

async function recordFinished(): Promise<void> {
  await withWorkers(server, new Pretend(troubled), async () => {
    const handle = await startPipeline(server.client, fullPlan(), {}, 'finished');
    await handle.result();
    await save('finished');
    for (const stage of ['experts', 'distill', 'evaluate', 'report']) await save(`finished/${stage}`);
    await (await startPipeline(server.client, fullPlan(), {}, 'reused')).result();
    await save('reused');
    await save('reused/distill');
  });
}

/** A coreset, whose selection loses its worker once. */
async function recordSelected(): Promise<void> {
  const leaving: Interference = ({ name }, nth) => {
    if (name === 'selectImages' && nth === 1) throw ApplicationFailure.retryable('leaving', 'Preempted');
  };
  const ofCoreset = { ...evaluation().with, dataset: { stage: 'coreset', output: 'result' } };
  const plan = planOf(experts(), selection(), evaluation({ needs: ['coreset'], with: ofCoreset }));
  await withWorkers(server, new Pretend(leaving), async () => {
    await (await startPipeline(server.client, plan, {}, 'selected')).result();
    await save('selected');
    await save('selected/coreset');
  });
}

async function recordFailed(): Promise<void> {
  const plan = planOf(experts(), distillation(40, 15, 20), evaluation());
  await withWorkers(server, new Pretend(diverging), async () => {
    await (await startPipeline(server.client, plan, {}, 'failed')).result().catch(() => undefined);
    await save('failed');
    await save('failed/distill');
  });
}

async function recordCancelled(): Promise<void> {
  let chunkStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (chunkStarted = resolve));
  const pretend = new Pretend(async ({ name }) => {
    if (name !== 'distillChunk') return;
    chunkStarted();
    await untilCancelled();
  });
  await withWorkers(server, pretend, async () => {
    const handle = await startPipeline(server.client, fullPlan(), {}, 'cancelled');
    await started;
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await save('cancelled');
    await save('cancelled/distill');
  });
}

/** Paused in the middle of a chunk and resumed; then a failure that waits, and is retried. */
async function recordControlled(): Promise<void> {
  const pretend = new Pretend(async ({ name }, nth) => {
    if (name !== 'distillChunk') return;
    if (nth === 2) await untilCancelled();
    if (nth === 4) throw ApplicationFailure.nonRetryable('the learned rate is NaN', 'Diverged');
  });
  const plan = planOf(experts(), { ...distillation(40, 15, 20), onFailure: 'wait' }, evaluation());
  await withWorkers(server, pretend, async () => {
    const handle = await startPipeline(server.client, plan, {}, 'controlled');
    await distilling(handle, () => pretend.count('distillChunk') === 2);
    await handle.executeUpdate(pausePipeline, { args: [{ reason: 'maintenance' }] });
    await distilling(handle, (state) => state === 'paused');
    await handle.executeUpdate(resumePipeline);
    await distilling(handle, (_, retryWith) => retryWith !== undefined);
    await handle.executeUpdate(retryStage, { args: ['distill'] });
    await handle.result();
    await save('controlled');
    await save('controlled/distill');
  });
}

/** Cancelled with its checkpoints. */
async function recordDiscarded(): Promise<void> {
  const pretend = new Pretend(async ({ name }) => {
    if (name === 'distillChunk') await untilCancelled();
  });
  await withWorkers(server, pretend, async () => {
    const handle = await startPipeline(server.client, fullPlan(), {}, 'discarded');
    await distilling(handle, () => pretend.count('distillChunk') === 1);
    await handle.executeUpdate(cancelPipeline, { args: [{ keepCheckpoints: false }] });
    await handle.result().catch(() => undefined);
    await save('discarded');
    await save('discarded/distill');
  });
}

/** Waits until the distill stage is in a state; gives up after half a minute. */
async function distilling(
  handle: PipelineHandle,
  is: (state: string | undefined, retryWith: string | undefined) => boolean,
): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    const { stages } = await handle.query(pipelineStatus);
    const stage = stages.find(({ id }) => id === 'distill');
    if (is(stage?.state, stage?.retryWith)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the stage did not get there in half a minute');
}

/** A matrix of two cells at a time, one of which loses its worker; a condition that holds for one of them. */
async function recordSwept(): Promise<void> {
  const leaving: Interference = ({ name }, nth) => {
    if (name === 'distillChunk' && nth === 2) throw ApplicationFailure.retryable('leaving', 'Preempted');
  };
  const condition = 'when: ${{ stages.distill.learnedRate >= 0.01 * matrix.ipc }}';
  const plan = sweep([1, 2, 3], 'maxParallel: 2\n    priority: 2', condition);
  await withWorkers(server, new Pretend(leaving), async () => {
    await (await startPipeline(server.client, plan, {}, 'swept')).result();
    await save('swept');
    await save('swept/distill[ipc=1]');
    await save('swept/report');
  });
}

/** The second of two runs of a stage that continued as new. */
async function recordLong(): Promise<void> {
  const plan = planOf(experts(), distillation(540, 1, 100));
  await withWorkers(server, new Pretend(), async () => {
    await (await startPipeline(server.client, plan, {}, 'long')).result();
    await save('long/distill');
  });
}

/** Experts of another run stand for a stage. */
async function recordTaken(): Promise<void> {
  const pretend = new Pretend();
  pretend.imported = { experts: taken };
  const plan: Plan = {
    ...planOf(distillation(40, 15, 20), evaluation()),
    imports: [{ id: 'experts', uses: 'train-experts', from: { workflowId: 'other', stage: 'experts' } }],
  };
  await withWorkers(server, pretend, async () => {
    await (await startPipeline(server.client, plan, {}, 'taken')).result();
    await save('taken');
    await save('taken/distill');
    await save('taken/evaluate');
  });
}

/** Networks are trained on the whole training set as well, and one training loses its worker. */
async function recordWhole(): Promise<void> {
  const leaving: Interference = ({ name }, nth) => {
    if (name === 'evaluateNetwork' && nth === 2) throw ApplicationFailure.retryable('leaving', 'Preempted');
  };
  const { epochs, lr, momentum, weightDecay, batchSize, augmentation } = { ...evaluation().with, lr: 0.01 };
  const full = { networks: [network], runs: 2, epochs, lr, momentum, weightDecay, batchSize, augmentation };
  const ofPicks = { ...evaluation().with, dataset: { stage: 'coreset', output: 'result' } };
  const plan = planOf(
    experts(),
    selection(),
    evaluation({ needs: ['coreset'], with: { ...ofPicks, baselines: ['random', 'full'], full } }),
  );
  await withWorkers(server, new Pretend(leaving), async () => {
    await (await startPipeline(server.client, plan, {}, 'whole')).result();
    await save('whole');
    await save('whole/evaluate');
  });
}

/** The iterations follow from what the experts reach. */
async function recordLate(): Promise<void> {
  const stages = `  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    tags: { kind: late }
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: 1
      iterations: \${{ round(50 * stages.experts.accuracy) }}
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
`;
  const { plan } = compile(`name: late\ndataset: fashion-mnist\nstages:\n${stages}`);
  await withWorkers(server, new Pretend(), async () => {
    await (await startPipeline(server.client, plan, {}, 'late')).result();
    await save('late');
    await save('late/distill');
  });
}

async function save(workflowId: string): Promise<void> {
  const history = await server.client.workflow.getHandle(workflowId).fetchHistory();
  const file = join(folder, `${workflowId.replace('/', '-')}.json`);
  const recorded: unknown = JSON.parse(historyToJSON(history), withoutMachine);
  await writeFile(file, `${JSON.stringify(recorded)}\n`);
  console.log(`${file}: ${history.events?.length ?? 0} events`);
}

/** Leaves out what tells of the machine that recorded: paths in stack traces, names of hosts. */
function withoutMachine(name: string, value: unknown): unknown {
  if (name === 'stackTrace') return '';
  // Identities and the names of sticky queues: a process id, an at sign and the host.
  return typeof value === 'string' ? value.replace(/\b\d+@[\w.-]+/g, 'recorder') : value;
}
