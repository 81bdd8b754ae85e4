/**
 * @file Scales, ticks, curves and the drawings made of them.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { barChart } from '../../report/charts/bar.js';
import { runningMedian, thin } from '../../report/charts/curves.js';
import { lineChart } from '../../report/charts/line.js';
import { linearScale, linearTicks, logScale, niceDomain } from '../../report/charts/scale.js';

test('linear ticks are round numbers inside the interval', () => {
  assert.deepEqual(linearTicks([0, 1], 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(linearTicks([0, 500], 6), [0, 100, 200, 300, 400, 500]);
  assert.deepEqual(linearTicks([0.66, 0.735], 5), [0.66, 0.68, 0.7, 0.72]);
  assert.deepEqual(linearTicks([-3, 7], 5), [-2, 0, 2, 4, 6]);
});

test('a linear scale maps its domain to its range, also upside down', () => {
  const scale = linearScale([10, 20], [200, 100]);
  assert.deepEqual(
    [10, 15, 20, 25].map((value) => scale.at(value)),
    [200, 150, 100, 50],
  );
});

test('a domain grows to whole ticks', () => {
  assert.deepEqual(niceDomain([0.013, 0.0214]), [0.012, 0.022]);
  assert.deepEqual(niceDomain([0, 0.848]), [0, 1]);
  assert.deepEqual(niceDomain([5, 5]), [4.4, 5.6]);
});

test('a logarithmic scale gives equal ratios equal room', () => {
  const scale = logScale([0.001, 10], [0, 400]);
  assert.deepEqual(
    [0.001, 0.01, 0.1, 1, 10].map((value) => Math.round(scale.at(value))),
    [0, 100, 200, 300, 400],
  );
  assert.deepEqual(scale.ticks, [0.001, 0.01, 0.1, 1, 10]);
});

test('a narrow logarithmic scale has ticks all the same', () => {
  assert.deepEqual(logScale([0.3, 8], [0, 1]).ticks, [0.5, 1, 2, 5]);
  assert.deepEqual(logScale([0.4, 0.9], [0, 1]).ticks, [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
});

test('thinning keeps the highest and lowest points and the order', () => {
  const points = Array.from({ length: 10_000 }, (_, x) => ({ x, y: x === 4321 ? 99 : Math.sin(x) }));
  const kept = thin(points, 600);
  assert.ok(kept.length <= 600 && kept.length > 300, String(kept.length));
  assert.ok(kept.some(({ y }) => y === 99));
  assert.deepEqual(
    [...kept].sort((a, b) => a.x - b.x),
    kept,
  );
});

test('a running median does not follow a spike', () => {
  const values = [1, 1, 50, 2, 2];
  const smooth = runningMedian(
    values.map((y, x) => ({ x, y })),
    3,
  );
  assert.deepEqual(
    smooth.map(({ y }) => y),
    [1, 1, 2, 2, 2],
  );
});

test('a line chart leaves out what its axis cannot show', () => {
  const svg = lineChart({
    name: 'loss',
    describe: '',
    x: { label: 'iteration', format: String },
    y: { label: 'loss', format: String, kind: 'log' },
    series: [
      {
        style: 'main',
        role: 'distilled',
        points: [1, NaN, 0, Infinity, 0.1].map((y, x) => ({ x, y })),
      },
    ],
  }).text;
  const path = /class="line main distilled" d="([^"]*)"/.exec(svg)?.[1] ?? '';
  assert.match(path, /^M58 [\d.]+L460 [\d.]+$/);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

test('a chart without points is still a drawing', () => {
  const svg = lineChart({
    name: 'n',
    describe: '',
    x: { label: 'x', format: String },
    y: { label: 'y', format: String, kind: 'linear' },
    series: [],
  }).text;
  assert.match(svg, /^<svg /);
  assert.doesNotMatch(svg, /NaN/);
});

test('bars are as long as their values, with error bars of one std', () => {
  const bar = { std: 0, text: '', role: 'neutral' as const };
  const svg = barChart({
    name: 'n',
    describe: '',
    label: 'accuracy',
    format: String,
    groups: [
      {
        label: 'one',
        bars: [
          { ...bar, label: 'a', value: 0.8 },
          { ...bar, label: 'b', value: 0.4, std: 0.1 },
        ],
      },
    ],
  }).text;
  const [long = 0, short = 0] = Array.from(svg.matchAll(/class="bar"[^>]* width="([\d.]+)"/g), (match) =>
    Number(match[1]),
  );
  assert.ok(Math.abs(long / short - 2) < 0.01, `${long} ${short}`);
  const error = /class="error" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(svg);
  const width = Number(error?.[2]) - Number(error?.[1]);
  assert.ok(Math.abs(width / short - 0.5) < 0.01, `${width} ${short}`);
});
