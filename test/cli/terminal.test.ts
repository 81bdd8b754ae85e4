/**
 * @file Text for terminals: escapes, numbers, widths, tables, redrawn blocks, colours.
 */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { printable, printableLines } from '../../cli/terminal/escape.js';
import {
  formatAccuracyStd,
  formatBytes,
  formatDuration,
  formatRate,
  formatValue,
} from '../../cli/terminal/format.js';
import { LiveBlock } from '../../cli/terminal/live-block.js';
import { tableLines } from '../../cli/terminal/table.js';
import { terminalInMemory, terminalOn } from '../../cli/terminal/terminal.js';
import { columnsOf, truncate } from '../../cli/terminal/width.js';

test('control characters become visible', () => {
  assert.equal(printable('a\u001b]0;title\u0007b\n'), 'a\\x1b]0;title\\x07b\\x0a');
  assert.equal(printable('safe\u202egnp.exe'), 'safe\\u202egnp.exe');
  assert.equal(printable('\u009b31m é ± 漢'), '\\x9b31m é ± 漢');
  assert.equal(printableLines('a\r\nb\tc\rd'), 'a\nb  c\\x0dd');
});

test('numbers as people read them', () => {
  const cases: [string, string][] = [
    [formatDuration(0.85), '850 ms'],
    [formatDuration(59.6), '1 min 00 s'],
    [formatDuration(187), '3 min 07 s'],
    [formatDuration(7500), '2 h 05 min'],
    [formatDuration(NaN), '-'],
    [formatBytes(930), '930 B'],
    [formatBytes(1_280_000), '1.28 MB'],
    [formatBytes(999_700), '1.00 MB'],
    [formatBytes(6_500_000_000), '6.50 GB'],
    [formatValue(0.91234), '0.9123'],
    [formatValue(1.2345e-5), '1.23e-5'],
    [formatValue(1500), '1500'],
    [formatValue(NaN), 'NaN'],
    [formatRate(0.81), '0.81/s'],
    [formatRate(0.25), '4.00 s each'],
    [formatAccuracyStd(0.71234, 0.0041), '71.23 % ± 0.41'],
  ];
  for (const [shown, expected] of cases) assert.equal(shown, expected);
});

test('width counts columns, and cutting keeps colours closed', () => {
  assert.equal(columnsOf('\u001b[31mé漢\u001b[39m'), 3);
  assert.equal(truncate('abcdef', 4), 'abc…');
  assert.equal(truncate('\u001b[31mabcdef\u001b[39m', 4), '\u001b[31mabc…\u001b[0m');
});

test('a table gives way in its flexible column', () => {
  const columns = [
    { title: 'KEY', flexible: true },
    { title: 'SIZE', align: 'right' as const },
  ];
  assert.deepEqual(
    tableLines(
      columns,
      [
        ['short', '1 B'],
        ['a-very-long-key-in-the-store', '12.3 MB'],
      ],
      terminalInMemory(24),
    ),
    ['KEY                 SIZE', 'short                1 B', 'a-very-long-ke…  12.3 MB'],
  );
});

test('a block is overwritten in one write, and left alone when nothing changed', () => {
  const terminal = terminalInMemory(40);
  const block = new LiveBlock(terminal);
  block.draw(['one', 'two']);
  const once = terminal.text;
  block.draw(['one', 'two']);
  assert.equal(terminal.text, once);
  block.draw(['one']);
  const update = terminal.text.slice(once.length);
  assert.match(update, /\u001b\[2F/, 'goes back over two lines');
  assert.ok(!update.includes('\u001b[2J'), 'never clears the screen');
  assert.ok(update.endsWith('\u001b[J\u001b[?2026l'), 'erases what is left below');
  block.end();
  assert.ok(terminal.text.endsWith('\u001b[?25h'), 'the cursor is back');
});

test('colours only on a terminal, and never against NO_COLOR', () => {
  const stream = (isTTY: boolean) =>
    Object.assign(new PassThrough(), { isTTY, columns: 100, rows: 30 }) as unknown as NodeJS.WriteStream;
  const red = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
    terminalOn(stream(isTTY), environment).colours.red('x') !== 'x';
  assert.equal(red(true, {}), true);
  assert.equal(red(false, {}), false);
  assert.equal(red(true, { NO_COLOR: '1' }), false);
  assert.equal(red(true, { TERM: 'dumb' }), false);
  assert.equal(red(false, { FORCE_COLOR: '1' }), true);
  assert.equal(terminalOn(stream(false), {}).columns, 80);
});
