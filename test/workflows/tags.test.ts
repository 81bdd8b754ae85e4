/**
 * @file Tags on a server that knows the search attribute, registered as the documentation says, and on one that
 * does not.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { searchesTags } from '../../activities/searches-tags.js';
import type { Plan } from '../../definition/plan.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporal } from '../../setup/temporal.js';
import { quietRuntime } from '../support/temporal.js';
import { startPipeline, withWorkers } from './harness.js';
import { distillation, experts, planOf } from './plans.js';
import { Pretend } from './pretend.js';

const run = promisify(execFile);

describe('tags', () => {
  let server: TestWorkflowEnvironment;
  let program: string;
  before(async () => {
    quietRuntime();
    const environment = { ...process.env, TEMPORAL_ADDRESS: '' };
    const temporal = await ensureTemporal(distilleryHome(), (line) => console.error(line), environment);
    assert.ok(temporal.kind === 'binary');
    program = temporal.path;
    server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: program } },
    });
  });
  after(() => server.teardown());

  const stages = [experts({ tags: { step: 'first', team: 'audio' } }), distillation(20, 20, 20)] as const;
  const tagged: Plan = { ...planOf(...stages), tags: { team: 'vision' } };

  /** Runs the plan; the server is asked for what it knows. */
  async function runOn(plan: Plan): Promise<{ id: string; pretend: Pretend }> {
    const pretend = new Pretend();
    const light = { ...pretend.light, searchesTags: (name: string) => searchesTags(server.client, name) };
    const id = await withWorkers(server, { light, compute: pretend.compute }, async () => {
      const handle = await startPipeline(server.client, plan);
      await handle.result();
      return handle.workflowId;
    });
    return { id, pretend };
  }

  const tagsOf = async (id: string): Promise<unknown> =>
    (await server.client.workflow.getHandle(id).describe()).memo?.['tags'];

  async function found(query: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const { workflowId } of server.client.workflow.list({ query })) ids.push(workflowId);
    return ids.sort();
  }

  it('are in the memos of the workflows where the server does not know the search attribute', async () => {
    const { id } = await runOn(tagged);
    assert.deepEqual(await tagsOf(id), { team: 'vision' });
    assert.deepEqual(await tagsOf(`${id}/experts`), { team: 'audio', step: 'first' });
    assert.deepEqual(await tagsOf(`${id}/distill`), { team: 'vision' });
  });

  it('are searched where it knows it, those of a stage over those of its pipeline', async () => {
    const { address } = server.connection.options as { address?: string };
    assert.ok(address !== undefined);
    const create = 'operator search-attribute create --name DistilleryTags --type KeywordList';
    await run(program, [...create.split(' '), '--address', address]);
    while (!(await searchesTags(server.client, 'DistilleryTags'))) await delay(100);
    const { id } = await runOn(tagged);
    const only = await runOn(planOf(experts({ tags: { step: 'alone' } })));
    // What is searched lags behind what has happened.
    while ((await found("DistilleryTags = 'step=alone'")).length === 0) await delay(100);
    assert.deepEqual(await found("DistilleryTags = 'team=vision'"), [id, `${id}/distill`]);
    assert.deepEqual(await found("DistilleryTags = 'team=audio'"), [`${id}/experts`]);
    assert.deepEqual(await found("DistilleryTags = 'step=first' AND WorkflowType = 'trainExperts'"), [
      `${id}/experts`,
    ]);
    assert.deepEqual(await found("DistilleryTags = 'step=alone'"), [`${only.id}/experts`]);
    assert.equal(await tagsOf(only.id), undefined);
  });
});
