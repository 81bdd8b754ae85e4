/**
 * @file Included files and merge keys: what they make, what is refused, and where a mistake is said to be.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, DefinitionError, flatten, type ReadFragment } from '../../definition/index.js';
import { brief, changed, example, failure } from './examples.js';

type Files = Readonly<Record<string, string | Uint8Array>>;

function fragments(files: Files): ReadFragment {
  return (path) => {
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file === undefined) return { problem: 'there is no such file' };
    return { bytes: typeof file === 'string' ? new TextEncoder().encode(file) : file };
  };
}

const experts = 'stages:\n  experts:\n    uses: train-experts\n    with: { count: 2, epochs: 10 }\n';
const withoutExperts = changed(
  '  experts:\n    uses: train-experts\n    with: { count: 2, epochs: 10 }\n',
  '',
);
/** The problems of a definition with files, as `file:line:column message` where a file is named. */
function problems(text: string, files: Files, name = 'my/main.yaml'): string[] {
  try {
    compile(text, { name, readFragment: fragments(files) });
  } catch (error) {
    assert.ok(error instanceof DefinitionError);
    return error.issues.map((issue) => (issue.file === undefined ? '' : `${issue.file}:`) + brief(issue));
  }
  assert.fail('it compiled');
}

describe('include', () => {
  it('makes the plan of the whole definition', () => {
    const compiled = compile(`include: shared/experts.yaml\n${withoutExperts}`, {
      readFragment: fragments({ 'shared/experts.yaml': experts }),
    });
    assert.deepEqual(compiled.plan, compile(example).plan);
    assert.deepEqual(compiled.included, ['shared/experts.yaml']);
  });

  it('merges mappings, and what includes wins over what is included', () => {
    const files = {
      'a.yaml': `${experts}network: { architecture: ConvNet, depth: 1, width: 16, norm: none }\n`,
      'b.yaml': 'include: [./deep/c.yaml]\nstages: { experts: { with: { count: 3, lr: 0.5 } } }\n',
      'deep/c.yaml': 'stages: { experts: { with: { lr: 0.25, epochs: 12 }, maxParallel: 7 } }\n',
    };
    const { plan, included } = compile(`include: [a.yaml, b.yaml]\n${withoutExperts}`, {
      readFragment: fragments(files),
    });
    assert.deepEqual(included, ['a.yaml', 'b.yaml', 'deep/c.yaml']);
    assert.deepEqual(plan.network, {
      architecture: 'ConvNet',
      depth: 2,
      width: 8,
      norm: 'none',
      pool: 'avg',
      act: 'relu',
    });
    const stage = plan.stages.find(({ id }) => id === 'experts');
    assert.ok(stage?.uses === 'train-experts');
    assert.deepEqual(
      [stage.with.count, stage.with.epochs, stage.with.lr, stage.maxParallel],
      [3, 12, 0.5, 7],
    );
  });

  it('is written out by flatten', () => {
    const odd = 'description: "tab\\t, bell\\a, \\u202eback, \\u2028 line\\n and more: #1 é"\n';
    const main = `include: x.yaml\n${odd}${withoutExperts.replace('uses: report', "uses: report\n    with: { title: 'of ${{ params.ipc }}' }")}`;
    const options = { readFragment: fragments({ 'x.yaml': experts }) };
    const flat = flatten(main, options);
    assert.deepEqual(compile(flat).plan, compile(main, options).plan);
    assert.ok(!/[\t\u0007\u202e\u2028]/.test(flat) && !flat.includes('include'), flat);
    assert.equal(flatten(flat), flat);
    const last = compile(flat, { params: { ipc: 2 } }).plan.stages.at(-1);
    assert.deepEqual(last?.uses === 'report' && last.with, { title: 'of 2' });
  });

  it('points at mistakes in the file that has them, together with those of others', () => {
    const file = experts.replace('count: 2', 'cuont: 2');
    const main = `include: shared/experts.yaml\n${withoutExperts}`.replace('seed: 7', 'sed: 7');
    assert.deepEqual(problems(main, { 'shared/experts.yaml': file }), [
      '5:1 unknown key "sed" in a definition; did you mean "seed"?',
      'my/shared/experts.yaml:4:5 "count" is missing',
      'my/shared/experts.yaml:4:13 unknown key "cuont" in "with"; did you mean "count"?',
    ]);
    assert.throws(
      () => compile(main, { name: 'my/main.yaml', readFragment: fragments({ 'shared/experts.yaml': file }) }),
      /\nmy\/shared\/experts\.yaml:4:13: unknown key .* \[unknown-key\]\n {3}4 \| {5}with: \{ cuont: 2, epochs: 10 \}\n {5}\| {13}\^$/,
    );
    assert.deepEqual(problems('include: [a.yaml]\n', { 'a.yaml': '\uFEFFname: "${{ 1 + }}"\nb: [\n' }), [
      'my/a.yaml:3:1 not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ]);
    assert.deepEqual(
      problems(`include: a.yaml\n${example}`, { 'a.yaml': '\n\ndescription: "${{ 1 + }}"\n' }),
      ['my/a.yaml:3:23 unexpected "}}"; expected a value'],
    );
  });

  it('stays in the folder and its limits', () => {
    const includes = (path: string) => `include: ${JSON.stringify(path)}\n${example}`;
    for (const path of [
      '../a.yaml',
      '/etc/passwd',
      'a/../../b.yaml',
      'a//b',
      '',
      '.',
      'a\\b',
      'c:/a.yaml',
      'a\u0000b',
      'file:a',
    ])
      assert.match(
        problems(includes(path), {})[0] ?? '',
        /^1:10 .* is not a path below the folder of the file/,
        path,
      );
    assert.deepEqual(problems(includes('no.yaml'), {}), [
      '1:10 cannot read "no.yaml": there is no such file',
    ]);
    assert.deepEqual(problems(includes('${{ params.ipc }}.yaml'), {}), [
      '1:10 a path is a plain text, not an expression',
    ]);
    assert.deepEqual(problems(`include: [1, {}]\n${example}`, {}), [
      '1:11 "include" takes the path of a file, or a list of paths',
      '1:14 "include" takes the path of a file, or a list of paths',
    ]);
    assert.deepEqual(
      problems(includes('a.yaml'), { 'a.yaml': 'include: b.yaml', 'b.yaml': 'include: ./a.yaml' }),
      ['my/b.yaml:1:10 files include each other in a circle: "a.yaml" -> "b.yaml" -> "a.yaml"'],
    );
    const chain = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`${index}.yaml`, `include: ${index + 1}.yaml\n`]),
    );
    assert.deepEqual(problems(includes('0.yaml'), chain), [
      'my/7.yaml:1:10 files include each other more than 8 deep',
    ]);
    // Each level doubles the files.
    const doubling = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [
        `${index}.yaml`,
        `include: [${index + 1}.yaml, ${index + 1}.yaml]\n`,
      ]),
    );
    assert.match(problems(includes('0.yaml'), { ...doubling, '8.yaml': 'seed: 1' }).at(-1) ?? '', /files/);
    assert.ok(problems(includes('0.yaml'), { ...doubling, '8.yaml': 'seed: 1' }).length <= 100);
    const large = `# ${'x'.repeat(200 * 1024)}\nseed: 1\n`;
    assert.deepEqual(problems(`include: [a.yaml, a.yaml]\n${example}`, { 'a.yaml': large }), [
      '1:19 the definition with what it includes has more than 256 KiB',
    ]);
    assert.deepEqual(problems(includes('a.yaml'), { 'a.yaml': new Uint8Array([0xff]) }), [
      '1:10 "a.yaml" is not UTF-8 text',
    ]);
    for (const text of ['- 1', '', 'x'])
      assert.deepEqual(problems(includes('a.yaml'), { 'a.yaml': text }), [
        '1:10 "a.yaml" is no mapping of keys of a definition, such as network or stages',
      ]);
    const wide = (name: string) =>
      `params:\n  ${name}: { type: integer, default: 1, enum: [${'1,'.repeat(6000)}] }\n`;
    assert.match(
      problems(`include: [a.yaml, b.yaml]\n${example}`, { 'a.yaml': wide('a'), 'b.yaml': wide('b') })[0] ??
        '',
      /^my\/b\.yaml:2:\d+ the definition has more than 10000 values$/,
    );
  });

  it('is refused where no files are', () => {
    const expected =
      'a definition that is started stands alone; write what it includes into it with "distillery flatten FILE"';
    for (const input of [`include: a.yaml\n${example}`, new TextEncoder().encode(`include: []\n${example}`)])
      assert.deepEqual(failure(input).issues.map(brief), [`1:1 ${expected}`]);
    assert.deepEqual(failure({ include: 'a.yaml' }).issues.map(brief), [`include ${expected}`]);
    assert.equal(failure({ include: 'a.yaml' }).issues[0]?.code, 'include');
  });
});

describe('merge keys', () => {
  const shared = `${experts.replace('with: {', 'with: &training { batchSize: 32,')}  more:\n    uses: train-experts\n`;
  const merged = (passage: string) => withoutExperts.replace('stages:\n', `${shared}    with: ${passage}\n`);
  const training = (passage: string) => {
    const stage = compile(merged(passage)).plan.stages.find(({ id }) => id === 'more');
    assert.ok(stage?.uses === 'train-experts');
    return stage.with;
  };

  it('take the keys that are not written', () => {
    const { count, epochs, batchSize } = training('{ <<: *training, count: 9 }');
    assert.deepEqual([count, epochs, batchSize], [9, 10, 32]);
    const list = training(
      '{ <<: [{ lr: 0.5, momentum: 0.5 }, *training, { lr: 0.1, count: 1 }], momentum: 0.25 }',
    );
    assert.deepEqual([list.lr, list.momentum, list.count], [0.5, 0.25, 2]);
    // A merge key in what is merged.
    assert.equal(training('{ <<: { <<: *training, epochs: 3 }, count: 4 }').epochs, 3);
  });

  it('point at mistakes where they are written', () => {
    const text = merged('{ <<: *training, count: 9 }').replace('batchSize: 32', 'batchSise: 32');
    const [line] = text.split('\n').flatMap((one, index) => (one.includes('batchSise') ? [index + 1] : []));
    assert.deepEqual(failure(text).issues.map(brief), [
      `${line ?? 0}:23 unknown key "batchSise" in "with"; did you mean "batchSize"?`,
    ]);
    const expects = '"<<" takes the keys of a mapping, such as *name, or of a list of mappings';
    for (const passage of ['{ <<: 5 }', '{ <<: [*training, [1]] }', '{ <<: }', '{ <<: [] }', '{ <<: text }'])
      assert.ok(
        failure(merged(passage)).issues.some(
          ({ code, message }) => code === 'yaml-feature' && message === expects,
        ),
        passage,
      );
    assert.match(failure(merged('{ <<: *training, <<: *training }')).message, /"<<" is given twice/);
    assert.match(failure(merged('{ "<<": *training, count: 1 }')).message, /unknown key "<<" in "with"/);
    assert.match(
      failure(merged('{ <<: { __proto__: 1 }, count: 1 }')).message,
      /"__proto__" cannot be a key/,
    );
    assert.match(failure('a: &a { <<: *a }').message, /the alias "a" contains itself/);
    assert.match(failure('a: { <<: *b }').message, /there is no anchor "b" above/);
  });

  it('are bounded like all aliases', () => {
    let bomb = `a0: &a0 { ${Array.from({ length: 60 }, (_, index) => `k${index}: 1`).join(', ')} }\n`;
    for (let index = 0; index < 8; index++)
      bomb += `a${index + 1}: &a${index + 1} { <<: [${`*a${index}, `.repeat(9)}], x: { <<: *a${index} } }\n`;
    const started = process.cpuUsage();
    assert.match(failure(bomb).message, /more than 100 aliases|more than 10000 values/);
    assert.ok(process.cpuUsage(started).user < 1e6);
  });
});
