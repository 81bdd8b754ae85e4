/**
 * @file The commands about runs on a real Temporal server, with workers that only pretend to compute.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';

import type { LightActivities } from '../../activities/contract.js';
import type { Comparison } from '../../cli/runs/comparison.js';
import type { ListedRun } from '../../cli/runs/listed-runs.js';
import type { LogEntry } from '../../cli/runs/log.js';
import { compile } from '../../definition/index.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporal } from '../../setup/temporal.js';
import { quietRuntime } from '../support/temporal.js';
import { withWorkers } from '../workflows/harness.js';
import { Pretend, reference } from '../workflows/pretend.js';
import { distilleryIn, type Ended } from './command.js';

const definition = (seed: number): string => `name: small
params: { ipc: { type: integer, default: 1 } }
seed: ${seed}
dataset: { source: fashion-mnist, limit: 1000, holdout: 100 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 3 } }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ params.ipc }}
      iterations: 20
      method: { synSteps: 2, expertEpochs: 1, maxStartEpoch: 2, lrImg: 100, lrLr: 1.0e-5 }
      selection: { every: 20 }
    chunk: { iterations: 10 }
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.distill.result }}', runs: 1 } }
`;

describe('runs', () => {
  const home = mkdtempSync(join(tmpdir(), 'distillery-runs-'));
  const file = join(home, 'small.yaml');
  let server: TestWorkflowEnvironment;
  let temporalBinary: string;
  let distillery: (...words: string[]) => Promise<Ended>;

  before(async () => {
    quietRuntime();
    writeFileSync(file, definition(1));
    const temporal = await ensureTemporal(distilleryHome(), () => undefined, { PATH: process.env['PATH'] });
    if (temporal.kind !== 'binary') throw new Error('these tests need a server of their own');
    temporalBinary = temporal.path;
    server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: temporal.path } },
    });
    distillery = (...words) => distilleryIn(home, words, { TEMPORAL_ADDRESS: server.address });
  });
  after(async () => {
    await server.teardown();
    rmSync(home, { recursive: true });
  });

  /** The first attempt at a chunk loses its worker, the second fails for a while. */
  const pretend = new Pretend(({ name }, nth) => {
    if (name !== 'distillChunk') return;
    if (nth === 1) throw ApplicationFailure.retryable('leaving', 'Preempted');
    if (nth === 2) throw ApplicationFailure.retryable('no answer \u001b[2J', 'StoreUnavailable');
  });
  const light: LightActivities = {
    ...pretend.light,
    compileDefinition: (text, params = {}) =>
      Promise.resolve({ plan: compile(text, { params }).plan, definition: reference('definition') }),
  };

  const run = (id: string, ...more: string[]): Promise<Ended> =>
    distillery('run', file, '--workflow-id', id, ...more);
  const json = ({ out, err, code }: Ended): unknown => {
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };

  it('are followed, listed, told of, compared, drawn and run again', { timeout: 180_000 }, async () => {
    await withWorkers(server, { light, compute: pretend.compute }, async () => {
      assert.equal((await run('one')).code, 0);
      assert.equal((await run('ten', '-p', 'ipc=10')).code, 0);

      const listed = json(await distillery('list', '--json')) as ListedRun[];
      assert.deepEqual(
        listed.map(({ workflowId, name, state, result }) => [workflowId, name, state, result]),
        [
          ['ten', 'small', 'completed', 'ConvNet 60.00 %'],
          ['one', 'small', 'completed', 'ConvNet 60.00 %'],
        ],
      );
      assert.match((await distillery('list')).out, /^ID +PIPELINE +STATE .*RESULT\nten +small +completed/);

      // What happened.
      const logged = await distillery('logs', 'one');
      assert.equal(logged.code, 0, logged.err);
      const said = logged.out.split('\n').map((line) => line.replace(/^\S+ +/, ''));
      for (const line of [
        /^run +the run starts$/,
        /^run +the definition of small is compiled$/,
        /^experts +the stage starts$/,
        /^experts +expert 0: started on \d+@/,
        /^experts +expert 1: finished in .*, accuracy 80\.00 %$/,
        /^distill +iterations 1–10: lost its worker: leaving$/,
        /^distill +iterations 1–10: failed: no answer \\x1b\[2J$/,
        /^distill +iterations 11–20: finished in .*, from the checkpoint of iteration 10, loss 0\.05/,
        /^distill +the stage is finished: iteration 20 of 20/,
        /^evaluate +ConvNet on distilled run 0: finished in .*, accuracy 60\.00 %/,
        /^run +the run is finished$/,
      ])
        assert.ok(
          said.some((text) => line.test(text)),
          `${String(line)} in\n${logged.out}`,
        );
      const entries = (await distillery('logs', 'one', 'distill', '--json')).out.trim().split('\n');
      const kinds = entries.map((line) => JSON.parse(line) as LogEntry);
      assert.ok(kinds.every(({ stage }) => stage === 'distill'));
      const count = (kind: string): number => kinds.filter((entry) => entry.kind === kind).length;
      assert.deepEqual([count('preemption'), count('failure'), count('checkpoint')], [1, 1, 2]);
      assert.deepEqual(
        kinds.map(({ at }) => at),
        kinds.map(({ at }) => at).sort(),
      );
      const other = await distillery('logs', 'one', 'destill');
      assert.equal(other.code, 2);
      assert.match(other.err, /No stage "destill" .* experts, distill, evaluate/);

      // Side by side.
      const { settings, results, circumstances } = json(
        await distillery('compare', 'one', 'ten', '--json'),
      ) as Comparison;
      assert.deepEqual(settings, [
        { name: 'params.ipc', values: [1, 10] },
        { name: 'distill.ipc', values: [1, 10] },
      ]);
      assert.deepEqual(
        results.map(({ name }) => name),
        [
          'experts: test accuracy',
          'distill: held-out accuracy',
          'evaluate: ConvNet on distilled',
          'evaluate: ConvNet on random',
        ],
      );
      const preemptions = circumstances.find(({ name }) => name === 'preemptions');
      assert.deepEqual(preemptions?.values, [1, 0]);
      const table = (await distillery('compare', 'one', 'ten')).out;
      assert.match(table, /^params\.ipc +1 +10$/m);
      for (const line of table.split('\n')) assert.ok(line.length <= 80, line);

      // What a change would compute again.
      assert.equal((await distillery('diff', 'one', file)).code, 0);
      const changed = await distillery('diff', 'one', 'ten');
      assert.equal(changed.code, 1, changed.err);
      assert.match(
        changed.out,
        /^= experts +same result\n~ distill +ipc 1 → 10\n~ evaluate +what distill gives/m,
      );
      assert.match((await distillery('diff', 'one', file, '-p', 'ipc=2')).out, /ipc 1 → 2/);

      const graph = await distillery('graph', '--run', 'one');
      assert.match(graph.out, /<b>distill<\/b><br>distill, 2 chunks<br>finished"\]:::done/);

      // Once more from a stage on.
      const chunks = pretend.count('distillChunk');
      const experts = pretend.count('trainExpert');
      const again = await distillery('rerun', 'ten', '--from', 'distill', '--workflow-id', 'again');
      assert.equal(again.code, 0, again.err);
      assert.equal(pretend.count('trainExpert'), experts);
      assert.equal(pretend.count('distillChunk'), chunks + 2);
      const same = json(await distillery('compare', 'ten', 'again', '--json')) as Comparison;
      assert.deepEqual(same.settings, []);
      assert.deepEqual(same.circumstances.find(({ name }) => name === 'stages reused')?.values, [
        // The same pretended images were evaluated before.
        '2 of 3',
        '1 of 3',
      ]);
    });
  });

  it('are started by a schedule of Temporal, as documented', { timeout: 120_000 }, async () => {
    const temporal = async (...words: string[]): Promise<string> =>
      (await promisify(execFile)(temporalBinary, [...words, '--address', server.address])).stdout;
    const options = join(home, 'options.json');
    writeFileSync(options, JSON.stringify({ params: { ipc: 3 } }));
    await temporal(
      ...[
        'schedule',
        'create',
        '--schedule-id',
        'nightly',
        '--cron',
        '0 3 * * *',
        '--time-zone',
        'Europe/Berlin',
      ],
      ...['--type', 'pipeline', '--task-queue', 'distillery', '--workflow-id', 'nightly'],
      ...['--input-file', file, '--input-meta', 'encoding=binary/plain'],
      ...['--input-file', options, '--input-meta', 'encoding=json/plain'],
    );
    await withWorkers(server, { light, compute: pretend.compute }, async () => {
      await temporal('schedule', 'trigger', '--schedule-id', 'nightly');
      let runs: ListedRun[] = [];
      for (let looks = 0; looks < 120; looks += 1) {
        runs = json(await distillery('list', '--json')) as ListedRun[];
        if (runs.some(({ workflowId, state }) => workflowId.startsWith('nightly-') && state === 'completed'))
          break;
      }
      const scheduled = runs.find(({ workflowId }) => workflowId.startsWith('nightly-'));
      assert.deepEqual([scheduled?.name, scheduled?.state], ['small', 'completed']);
      const { settings } = json(
        await distillery('compare', 'one', scheduled?.workflowId ?? '', '--json'),
      ) as Comparison;
      assert.deepEqual(settings[0], { name: 'params.ipc', values: [1, 3] });
    });
    await temporal('schedule', 'delete', '--schedule-id', 'nightly');
  });

  it('that are not there, or have no such stage, are mistakes', async () => {
    for (const words of [
      ['logs', 'nobody'],
      ['compare', 'nobody'],
      ['diff', 'nobody', file],
      ['graph', '--run', 'nobody'],
    ]) {
      const { code, err } = await distillery(...words);
      assert.equal(code, 2, words.join(' '));
      assert.match(err, /There is no run "nobody" here/);
    }
    const { code, err } = await distillery('rerun', 'ten', '--from', 'destill');
    assert.equal(code, 2);
    assert.match(err, /has no stage "destill"; did you mean "distill"\?/);
  });
});
