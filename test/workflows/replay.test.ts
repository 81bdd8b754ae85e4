/**
 * @file Recorded histories replay with the workflows as they are now: a pipeline that runs while distillery
 * is updated goes on. See `record-histories.ts`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { workflowSource } from '../../worker/bundle.js';
import { packageRoot } from '../../setup/package-root.js';
import { timeSkippingServer } from '../support/temporal.js';
import { startPipeline, withWorkers } from './harness.js';
import { fullPlan } from './plans.js';
import { Pretend } from './pretend.js';

const folder = join(packageRoot(), 'test', 'histories');
/** As `<version>/<workflow>.json`, in the order of the versions' names. */
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
);

describe('replay', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('has a history of every workflow and every kind of end', () => {
    for (const name of ['experts', 'distill', 'evaluate', 'report']) {
      assert.ok(files.includes(join('first', `finished-${name}.json`)), name);
    }
    for (const name of ['finished', 'reused', 'failed', 'cancelled'])
      assert.ok(files.includes(join('first', `${name}.json`)), name);
    for (const name of ['selected', 'selected-coreset'])
      assert.ok(files.includes(join('select', `${name}.json`)), name);
    for (const name of ['swept', 'swept-distill[ipc=1]', 'swept-report'])
      assert.ok(files.includes(join('matrix', `${name}.json`)), name);
  });

  for (const file of files) {
    it(`replays ${file}`, async () => {
      const history = historyFromJSON(JSON.parse(readFileSync(join(folder, file), 'utf8')));
      // Children take their id from their pipeline's, so the recorded ids matter.
      const workflowId = basename(file, '.json').replace('-', '/');
      await Worker.runReplayHistory(await workflowSource(), history, workflowId);
    });
  }

  it('finds an incompatible change of a workflow, and takes the same change behind a patch', async () => {
    const workflowsPath = fileURLToPath(new URL('./changed-workflows.js', import.meta.url));
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const text = readFileSync(join(folder, 'first', 'finished-experts.json'), 'utf8');
    const replay = (recorded: string) =>
      Worker.runReplayHistory({ workflowBundle }, historyFromJSON(JSON.parse(recorded)), 'finished/experts');
    await assert.rejects(replay(text), (error) => {
      assert.ok(error instanceof DeterminismViolationError, String(error));
      return true;
    });
    await replay(text.replaceAll('"trainExperts"', '"trainExpertsPatched"'));
  });

  it('runs a pipeline whose workflows are replayed from the start at every step', async () => {
    const pretend = new Pretend();
    await withWorkers(
      server,
      pretend,
      async () => {
        const result = await (await startPipeline(server.client, fullPlan())).result();
        assert.deepEqual(Object.keys(result.stages), ['experts', 'distill', 'evaluate', 'report']);
      },
      { maxCachedWorkflows: 0 },
    );
    assert.equal(pretend.count('trainExpert'), 3);
    assert.equal(pretend.count('evaluateNetwork'), 8);
  });
});
