/**
 * @file The form of a definition: encoding, size, nesting, aliases; and how the error reads.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from '../../definition/index.js';
import { brief, changed, example, failure } from './examples.js';

const messages = (input: Uint8Array | string | object) => failure(input).issues.map(brief);

describe('the form of a definition', () => {
  it('is UTF-8', () => {
    const bytes = new TextEncoder().encode(example);
    bytes[7] = 0xff;
    assert.deepEqual(messages(bytes), [' the definition is not UTF-8 text']);
  });

  it('has at most 256 KiB, counted before parsing', () => {
    const filler = (bytes: number) => `${example}# ${'x'.repeat(bytes - example.length - 2)}`;
    assert.equal(compile(filler(256 * 1024)).plan.name, 'example');
    const expected = [' the definition has more than 256 KiB (257 KiB)'];
    assert.deepEqual(messages(filler(256 * 1024 + 1)), expected);
    assert.deepEqual(messages(new TextEncoder().encode(filler(256 * 1024 + 1))), expected);
    // Two bytes for each of these characters.
    assert.deepEqual(messages(`${example}# ${'é'.repeat(130 * 1024)}`), [
      ' the definition has more than 256 KiB (261 KiB)',
    ]);
    assert.deepEqual(messages({ name: 'x'.repeat(256 * 1024) }), [' the definition is larger than 256 KiB']);
  });

  it('is a mapping', () => {
    assert.deepEqual(messages(''), ['1:1 the definition is empty']);
    assert.deepEqual(messages('# only a comment'), ['1:1 the definition is empty']);
    assert.deepEqual(messages('- a\n- b'), [
      '1:1 a definition is a mapping of keys such as name, dataset and stages',
    ]);
    assert.deepEqual(messages([]), [' a definition is a mapping of keys such as name, dataset and stages']);
  });

  it('has bounded aliases, values and nesting', () => {
    let bomb = 'a: &a [x, x, x, x, x, x, x, x, x]\n';
    for (const [index, name] of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].entries())
      bomb += `${name}: &${name} [${Array<string>(9)
        .fill(`*${'abcdefgh'.charAt(index)}`)
        .join(', ')}]\n`;
    assert.deepEqual(messages(bomb), ['4:8 more than 100 aliases (*name) are expanded']);
    const wide = `a: &a [${'x,'.repeat(200)}]\nb: [${'*a,'.repeat(60)}]`;
    assert.deepEqual(messages(wide), [
      '2:149 the definition has more than 10000 values once its aliases are expanded',
    ]);
    assert.deepEqual(messages(`a: [${'1,'.repeat(10_001)}]`), [
      '1:20001 the definition has more than 10000 values',
    ]);
    assert.deepEqual(messages('['.repeat(40_000)), ['1:33 mappings and lists are nested more than 32 deep']);
    // Also where the nesting is open at the end of the text, or closed by a line that is not nested.
    for (const [opening, at] of [
      ['[', '1:33'],
      ['{a: ', '1:129'],
      ['- ', '1:65'],
      ['? ', '1:65'],
    ] as const)
      for (const text of [opening.repeat(16_000), `${opening.repeat(16_000)}\nb: 1`])
        assert.deepEqual(messages(text), [`${at} mappings and lists are nested more than 32 deep`]);
    assert.deepEqual(messages(`a: [${'1, '.repeat(20_000)}]`), [
      '1:50001 the definition has more than 50000 words and signs',
    ]);
  });

  it('as an object, is made of what JSON can say', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle.stages = circle;
    assert.deepEqual(messages(circle), [' objects and arrays are nested more than 32 deep, or in a circle']);
    assert.deepEqual(messages({ name: new Date(0) }), [
      'name only plain objects, arrays, texts, numbers and booleans make a definition',
    ]);
    assert.deepEqual(
      messages({ name: 'x', dataset: 'y', stages: { e: { uses: 'train-experts', with: { count: 0 } } } }),
      ['stages.e.with.count must be at least 1, found 0'],
    );
  });
});

describe('the error', () => {
  it('lists everything found with name, place, line and caret', () => {
    const text = changed('seed: 7', 'sed: 7')
      .replace('count: 2', 'count: 0')
      .replace('[experts]', '[expert]');
    assert.equal(
      failure(text, { name: 'my.yaml' }).message,
      [
        'my.yaml:4:1: unknown key "sed" in a definition; did you mean "seed"? [unknown-key]',
        '   4 | sed: 7',
        '     | ^',
        'my.yaml:10:20: must be at least 1, found 0 [out-of-range]',
        '  10 |     with: { count: 0, epochs: 10 }',
        '     |                    ^',
        'my.yaml:26:13: there is no stage "expert"; did you mean "experts"? [unknown-stage]',
        '  26 |     needs: [expert]',
        '     |             ^',
      ].join('\n'),
    );
  });

  it('has a path where there is no text', () => {
    const { message } = failure({ name: 'x', dataset: 'y', stages: { e: { uses: 'evaluate', with: {} } } });
    assert.equal(message, 'definition: stages.e.with.dataset: "dataset" is missing [missing-key]');
  });

  it('cuts long lines around the place and keeps control characters off the terminal', () => {
    const { issues } = failure(
      `name: x\ndataset: { source: y, note: "${'a'.repeat(300)}", seeds: "\\u001b[31m", zzz: 1 }\nstages: { r: { uses: report, title: "\u0085" } }`,
    );
    for (const { snippet } of issues) {
      assert.ok(snippet !== undefined && snippet.split('\n').every((line) => line.length <= 110), snippet);
      const [line, caret] = snippet.split('\n');
      assert.match(line?.slice(caret?.indexOf('^')) ?? '', /^(note|seeds|zzz|title)/);
      assert.ok(!snippet.includes('\u0085'));
    }
    assert.equal(issues.length, 4);
  });

  it('shows twenty issues and counts the rest', () => {
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}: 1`).join('\n');
    const { message, issues } = failure(`${example}${keys}`);
    assert.equal(issues.length, 30);
    assert.match(message, /\nand 10 more$/);
  });

  it('explains unquoted expressions in flow style, tabs and lost colons', () => {
    assert.deepEqual(
      messages(changed('{ count: 2,', '{ count: ${{ params.ipc }},')).at(0)?.split(';').at(-1),
      ' inside { } and [ ], and around ": " and " #", put quotes around ${{ … }}',
    );
    assert.match(
      messages(changed('    uses: report', '\tuses: report'))[0] ?? '',
      /^30:1 tabs cannot indent YAML; use spaces/,
    );
    assert.match(
      messages(changed('seed: 7', 'seed 7'))[0] ?? '',
      /^4:1 this text is neither a key with ":" nor a list item/,
    );
  });
});
