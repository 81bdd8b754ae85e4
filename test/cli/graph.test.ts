/**
 * @file The graph of a plan: which boxes and arrows, where they lie, what is drawn.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { layout, type LayoutSize } from '../../cli/graph/layout.js';
import { stageBoxes } from '../../cli/graph/stage-boxes.js';
import { graphSvg } from '../../cli/graph/svg.js';
import { graphDot, graphMermaid } from '../../cli/graph/texts.js';
import { fitted, textWidth } from '../../cli/graph/text-width.js';
import type { Plan } from '../../definition/plan.js';
import { distillation, evaluation, experts, fullPlan, planOf, reporting } from '../workflows/plans.js';

const size: LayoutSize = { boxWidth: 100, boxHeight: 40, layerGap: 50, boxGap: 20, lineGap: 10 };

describe('layout', () => {
  it('puts each box after what it needs, and a straight line on one level', () => {
    const { boxes, width, height } = layout(
      ['c', 'a', 'b'],
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      size,
    );
    assert.deepEqual(Object.fromEntries(boxes), {
      a: { x: 0, y: 0 },
      b: { x: 150, y: 0 },
      c: { x: 300, y: 0 },
    });
    assert.deepEqual([width, height], [400, 40]);
  });

  it('leads long arrows between the boxes of the layers that they pass', () => {
    const { boxes, arrows } = layout(
      ['a', 'b', 'c'],
      [
        ['a', 'b'],
        ['b', 'c'],
        ['a', 'c'],
      ],
      size,
    );
    const [, , long] = arrows;
    assert.equal(long?.length, 4);
    const b = boxes.get('b');
    for (const { y } of long.slice(1, 3)) assert.ok(y < (b?.y ?? 0) || y > (b?.y ?? 0) + 40, `${y}`);
  });

  it('lays no box over another, and crosses no arrows that need not cross', () => {
    // Two stages for each of ten experts, listed so that their first order crosses everything.
    const sources = Array.from({ length: 10 }, (_, index) => `s${index}`);
    const targets = Array.from({ length: 20 }, (_, index) => `t${(index * 7) % 20}`);
    const arrows = targets.map((id): [string, string] => [`s${Number(id.slice(1)) % 10}`, id]);
    const { boxes, arrows: ways } = layout([...sources, ...targets], arrows, size);
    for (const group of [sources, targets]) {
      const tops = group.map((id) => boxes.get(id)?.y ?? 0).sort((a, b) => a - b);
      for (const [index, top] of tops.entries())
        if (index > 0) assert.ok(top - (tops[index - 1] ?? 0) >= 59.9);
    }
    const ends = ways.map((way) => [way[0]?.y ?? 0, way[1]?.y ?? 0] as const);
    const crossed = ends.filter(([from, to]) => ends.some(([a, b]) => (a - from) * (b - to) < 0));
    assert.deepEqual(crossed, []);
  });
});

describe('boxes', () => {
  it('are one for each stage, without arrows that others imply', () => {
    const { boxes, arrows } = stageBoxes(fullPlan());
    assert.deepEqual(
      boxes.map(({ id, detail }) => [id, detail]),
      [
        ['experts', 'train-experts, 3 experts'],
        ['distill', 'distill, 3 chunks'],
        ['evaluate', 'evaluate, 4 trainings'],
        ['report', 'report'],
      ],
    );
    assert.deepEqual(arrows, [
      ['experts', 'distill'],
      ['distill', 'evaluate'],
      ['evaluate', 'report'],
    ]);
  });

  it('are one for all cells of a matrix, in the state that matters most', () => {
    const cells = [1, 10, 50].map((ipc) => ({ ...distillation(40, 15, 20), id: `distill[ipc=${ipc}]` }));
    const plan = planOf(experts(), ...cells, reporting(cells.map(({ id }) => id)));
    const statuses = [
      { id: 'experts', state: 'cached' },
      { id: 'distill[ipc=1]', state: 'finished' },
      { id: 'distill[ipc=10]', state: 'running' },
      { id: 'distill[ipc=50]', state: 'waiting' },
      { id: 'report', state: 'waiting' },
    ] as const;
    const drawn = stageBoxes(plan, statuses);
    assert.deepEqual(
      drawn.boxes.map(({ id, cells: count, state, done }) => [id, count, state, done]),
      [
        ['experts', 1, 'cached', 1],
        ['distill', 3, 'running', 1],
        ['report', 1, 'waiting', 0],
      ],
    );
    assert.deepEqual(drawn.arrows, [
      ['experts', 'distill'],
      ['distill', 'report'],
    ]);
    assert.match(
      graphMermaid(drawn),
      /s1\[\["<b>distill<\/b><br>3 × distill, 3 chunks<br>running 1\/3"\]\]:::run/,
    );
    assert.match(
      graphSvg(drawn, { name: 'sweep' }),
      /<title>distill: 3 × distill, 3 chunks \(running 1\/3\)<\/title>/,
    );
  });

  it('show what comes from another run', () => {
    const plan: Plan = {
      ...planOf(distillation(40, 15, 20)),
      imports: [
        { id: 'experts', uses: 'train-experts', from: { workflowId: 'a "b" <c>', stage: 'experts' } },
      ],
    };
    const drawn = stageBoxes(plan);
    assert.deepEqual(drawn.arrows, [['experts', 'distill']]);
    // Text from elsewhere stays text.
    assert.match(graphSvg(drawn, { name: 'x' }), /train-experts from a &quot;b&quot; &lt;c&gt;\/experts/);
    assert.match(graphMermaid(drawn), /train-experts from a #34;b#34; #60;c#62;\/experts/);
    assert.match(graphDot(drawn, 'x'), /train-experts from a \\"b\\" <c>\/experts/);
  });

  it('are drawn for 250 stages with long ids, in little time', () => {
    const stages = Array.from({ length: 124 }, (_, index) => {
      const id = `${'a-very-long-id-'.repeat(3)}${index}`;
      return [
        { ...distillation(40, 15, 20), id },
        {
          ...evaluation(),
          id: `evaluate-${index}`,
          needs: [id],
          with: { ...evaluation().with, dataset: { stage: id, output: 'result' } },
        },
      ];
    }).flat();
    const plan = planOf(experts(), ...stages, reporting(stages.map(({ id }) => id)));
    const start = performance.now();
    const svg = graphSvg(stageBoxes(plan), { name: 'large' });
    assert.ok(performance.now() - start < 5000);
    assert.equal(svg.match(/<g class="stage/g)?.length, 250);
    assert.ok(!svg.includes('NaN') && !svg.includes('undefined'));
    assert.match(svg, />a-very-[a-z-]*…[a-z0-9-]*</);
  });
});

it('a text is cut in its middle to fit', () => {
  assert.equal(fitted('short', 14, 200), 'short');
  const cut = fitted('distill-with-many-words-17', 14, 100);
  assert.ok(textWidth(cut, 14) <= 100);
  assert.match(cut, /^distil.*….*17$/);
});
