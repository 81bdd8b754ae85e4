/**
 * @file Stages that take the result of another run: what may be written, and what becomes of it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from '../../definition/index.js';
import { changed, failure } from './examples.js';

const own = 'uses: train-experts\n    with: { count: 2, epochs: 10 }';
const taken = (from: string): string => changed(own, `uses: train-experts\n    from: ${from}`);
const key = 'ab'.repeat(32);

describe('from', () => {
  it('stands for the stage of a run, or for a result by its key', () => {
    const sources = {
      'fmnist/experts': { workflowId: 'fmnist', stage: 'experts' },
      'team/a b/experts': { workflowId: 'team/a b', stage: 'experts' },
      '"sweep/experts[width=32,path=a/b]"': { workflowId: 'sweep', stage: 'experts[width=32,path=a/b]' },
      [`sha256:${key}`]: { key },
      [key]: { key },
    };
    for (const [text, from] of Object.entries(sources)) {
      const { plan, warnings } = compile(taken(text));
      assert.deepEqual(plan.imports, [{ id: 'experts', uses: 'train-experts', from }]);
      assert.deepEqual(
        plan.stages.map(({ id, needs }) => [id, needs]),
        [
          ['distill', ['experts']],
          ['evaluate', ['experts', 'distill']],
          ['report', ['experts', 'distill', 'evaluate']],
        ],
      );
      assert.deepEqual(warnings, []);
    }
  });

  it('may be made of parameters', () => {
    const text = taken('${{ params.base }}/experts').replace(
      'params:',
      'params:\n  base: { type: string, default: first }',
    );
    const { plan } = compile(text, { params: { base: 'second' } });
    assert.deepEqual(plan.imports?.[0]?.from, { workflowId: 'second', stage: 'experts' });
  });

  it('leaves plans without it as they were', () => {
    assert.ok(!('imports' in compile(changed('name: example', 'name: other')).plan));
  });

  it('is no path, and nothing else', () => {
    for (const [text, message] of [
      ['../../etc/passwd', /never by a path/],
      ['/etc/passwd', /never by a path/],
      ['s3://bucket/experts', /never by a path/],
      ['fmnist', /expected the stage of a run/],
      ['fmnist/', /expected the stage of a run/],
      ['7', /expected a text, found 7/],
      [`sha256:${key}0`, /expected the stage of a run/],
    ] as const) {
      const [issue, ...others] = failure(taken(text)).issues;
      assert.deepEqual(others, [], text);
      assert.match(issue?.message ?? '', message, text);
      assert.deepEqual([issue?.path, issue?.line], ['stages.experts.from', 10]);
    }
  });

  it('goes with no settings, and with stages that others build on', () => {
    const both = failure(changed(own, `${own}\n    from: fmnist/experts`));
    assert.match(both.issues[0]?.message ?? '', /unknown key "with" in "experts"; permitted: uses, from/);
    const report = failure(changed('    uses: report\n', '    uses: report\n    from: fmnist/report\n'));
    assert.match(report.issues[0]?.message ?? '', /expected one of "train-experts", "distill", "select"/);
  });

  it('is checked like a stage where it is referred to', () => {
    const text = changed(own, 'uses: distill\n    from: fmnist/distill');
    assert.match(failure(text).issues[0]?.message ?? '', /takes the "trajectories" of a train-experts stage/);
  });

  it('counts as unused when nothing refers to it', () => {
    const { warnings } = compile(
      changed(own, `${own}\n  other: { uses: distill, from: fmnist/distill }`).replace(
        'uses: report\n',
        'uses: report\n    needs: [evaluate]\n',
      ),
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /nothing uses what the stage "other" produces/);
  });
});
