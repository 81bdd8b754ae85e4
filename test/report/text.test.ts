/**
 * @file Numbers, names and the sentence.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { pictureName } from '../../report/folder.js';
import { markup, escapeText } from '../../report/markup.js';
import {
  bytes,
  counted,
  duration,
  integer,
  moment,
  percent,
  percentTick,
  percentWithStd,
  significant,
} from '../../report/numbers.js';

/** Without the no-break spaces, to compare. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('numbers are written as a reader wants them', () => {
  assert.equal(plain(percent(0.71234)), '71.2 %');
  assert.equal(plain(percent(-0.05)), '\u22125.0 %');
  assert.equal(plain(percentWithStd(0.712, 0.0081, 3)), '71.2 % ± 0.8');
  assert.equal(plain(percentWithStd(0.712, 0, 1)), '71.2 %');
  assert.equal(plain(percentTick(0.48, 0.02)), '48 %');
  assert.equal(plain(percentTick(0.485, 0.005)), '48.5 %');
  assert.equal(plain(percentTick(0.4, 0.01)), '40 %');
  assert.equal(integer(20000), '20,000');
  assert.equal(significant(0.02134), '0.0213');
  assert.equal(significant(0.01), '0.01');
  assert.equal(significant(1000), '1,000');
  assert.equal(significant(0), '0');
  assert.equal(plain(significant(1.234e-5)), '1.23 × 10⁻⁵');
  assert.equal(plain(significant(5e-4)), '5 × 10⁻⁴');
  assert.equal(plain(significant(-2e7)), '\u22122 × 10⁷');
});

test('durations use the two largest units', () => {
  const cases: [number, string][] = [
    [0.05, '50 ms'],
    [3.21, '3.2 s'],
    [59.7, '1 min'],
    [187.4, '3 min 7 s'],
    [7260, '2 h 1 min'],
    [3599.6, '1 h'],
    [200_000, '2 d 8 h'],
  ];
  for (const [seconds, expected] of cases) assert.equal(plain(duration(seconds)), expected);
});

test('sizes, counts and times', () => {
  assert.equal(plain(bytes(999)), '999 B');
  assert.equal(plain(bytes(31_776)), '31.8 kB');
  assert.equal(plain(bytes(271_000_000)), '271 MB');
  assert.equal(plain(counted(1, 'class')), '1 class');
  assert.equal(plain(counted(10, 'class')), '10 classes');
  assert.equal(plain(counted(2, 'image')), '2 images');
  assert.equal(moment('2026-11-24T19:46:17.000Z'), '2026-11-24 19:46 UTC');
  assert.equal(moment('soon'), 'soon');
});

test('interpolated text is escaped, markup is not, control characters are dropped', () => {
  const inner = markup`<b>${'a<b>&"\''}</b>`;
  assert.equal(inner.text, '<b>a&lt;b&gt;&amp;&quot;&#39;</b>');
  assert.equal(markup`<i>${[inner, undefined, 5]}</i>`.text, `<i>${inner.text}5</i>`);
  assert.equal(escapeText('a\u0000b\u001bc\nd'), 'abc\nd');
});

test('file names of pictures are safe keys whatever the class is called', () => {
  assert.equal(pictureName({ label: 3, name: 'Dress' }, 1), 'images/03-dress-001.png');
  assert.equal(pictureName({ label: 0, name: 'T-shirt/top' }, 12), 'images/00-t-shirt-top-012.png');
  assert.equal(pictureName({ label: 7, name: '../../<script>' }, 1), 'images/07-script-001.png');
  assert.match(pictureName({ label: 1, name: '\u4e2d' }, 1), /^images\/01-[a-z]+-001\.png$/);
});
