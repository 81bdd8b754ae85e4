/**
 * @file Whatever is sent, compiling answers with a plan or a DefinitionError, and soon; and it depends on
 * nothing that a workflow's sandbox lacks.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { compile, DefinitionError } from '../../definition/index.js';
import { Stream } from '../../random/stream.js';
import { packageRoot } from '../../setup/package-root.js';
import { example } from './examples.js';

const fragments = [
  '${{',
  '}}',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '- ',
  '&a ',
  '*a',
  '!x ',
  '!!int ',
  '"',
  "'",
  '|\n',
  '>\n',
  '\n',
  '  ',
  '\t',
  '#',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '<<: ',
  '? ',
  '.nan',
  '.inf',
  '-1',
  '1e999',
  '0x10',
  'null',
  '~',
  'true',
  '\\',
  '\u0000',
  '\uFEFF',
  '\uD800',
  'é',
  '__proto__: 1\n',
  'constructor: {}\n',
  'toString',
  'needs: [distill]\n',
  'params.ipc',
  'stages.distill.result',
  '(',
  ' - ',
  '9999999999999999999999',
  'ConvNet',
  'report',
];
const leaves: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  1e300,
  '',
  'x',
  '${{ params.ipc }}',
  '${{ stages.distill.result }}',
  '${{',
  [],
  {},
  [[]],
  { a: 1 },
  new Date(0),
  () => 1,
  Symbol('s'),
  10n,
  new Map(),
  Object.create(null),
];

function mutateText(text: string, random: Stream): string {
  const at = random.integer(text.length + 1);
  const end = Math.min(text.length, at + random.integer(random.integer(4) === 0 ? 200 : 12));
  const fragment = fragments[random.integer(fragments.length)] ?? '';
  switch (random.integer(5)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, end) + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.integer(0x180)) + text.slice(at + 1);
    default:
      return text.slice(0, at) + fragment + text.slice(random.integer(2) === 0 ? at : end);
  }
}

function mutateObject(value: unknown, random: Stream): unknown {
  if (typeof value !== 'object' || value === null || random.integer(8) === 0)
    return leaves[random.integer(leaves.length)];
  const entries = Object.entries(value);
  const chosen = random.integer(entries.length + 1);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === chosen ? mutateObject(item, random) : item));
  const changed = entries.map(([key, item], index) => [
    index === chosen && random.integer(10) === 0 ? `${key}x` : key,
    index === chosen ? mutateObject(item, random) : (item as unknown),
  ]);
  return Object.fromEntries(changed);
}

/** Whether it compiled; anything but a plan or a DefinitionError fails the test, as does a slow answer. */
function compiles(input: Uint8Array | string | object): boolean {
  const started = process.cpuUsage();
  try {
    const { plan } = compile(input);
    assert.ok(plan.stages.length > 0);
    return true;
  } catch (error) {
    assert.ok(
      error instanceof DefinitionError,
      `${String(error)} for ${typeof input === 'string' ? input : ''}`,
    );
    assert.ok(error.issues.length > 0 && error.message.length > 0);
    return false;
  } finally {
    const { user } = process.cpuUsage(started);
    assert.ok(user < 1e6, `${user / 1e6} s of processor time`);
  }
}

describe('compiling anything', () => {
  it('answers to thousands of damaged texts', () => {
    let compiled = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const random = new Stream(1, 'report-samples', run);
      let text = example;
      for (let mutations = 1 + random.integer(3); mutations > 0; mutations--) text = mutateText(text, random);
      compiled += Number(compiles(run % 3 === 0 ? new TextEncoder().encode(text) : text));
    }
    // Some damage is harmless, most is not.
    assert.ok(compiled > runs / 100 && compiled < runs / 2, `${compiled} of ${runs} compiled`);
  });

  it('answers to damaged bytes', () => {
    for (let run = 0; run < 500; run++) {
      const random = new Stream(2, 'report-samples', run);
      const bytes = new TextEncoder().encode(example);
      for (let flips = 1 + random.integer(4); flips > 0; flips--)
        bytes[random.integer(bytes.length)] = random.integer(256);
      compiles(bytes);
    }
  });

  it('answers to thousands of damaged objects, the same as to their YAML', () => {
    const whole = parse(example) as object;
    for (let run = 0; run < 1000; run++) {
      const random = new Stream(3, 'report-samples', run);
      const damaged = mutateObject(whole, random);
      if (typeof damaged !== 'object' || damaged === null) continue;
      const asObject = compiles(damaged);
      let json: string;
      try {
        json = JSON.stringify(damaged, (_, value: unknown) =>
          typeof value === 'number' && !Number.isFinite(value) ? 'none' : value,
        );
      } catch {
        continue;
      }
      // JSON is YAML. What JSON cannot say is dropped by it, so only objects that compile can be compared.
      if (asObject) assert.deepEqual(compile(json).plan, compile(damaged).plan);
    }
  });

  it('answers soon to texts made to take long', () => {
    const size = 256 * 1024;
    const fill = (text: string, around: [string, string] = ['', '']) =>
      around[0] +
      text.repeat(Math.floor((size - around[0].length - around[1].length) / text.length)) +
      around[1];
    const numbered = (write: (index: number) => string) =>
      Array.from({ length: 12_000 }, (_, index) => write(index))
        .join('')
        .slice(0, size);
    const texts = [
      fill('['),
      fill('{a: '),
      fill('- '),
      fill('? '),
      fill('a:\n'),
      fill('&a '),
      fill('! '),
      fill('[]'),
      fill('}'),
      fill('a: [\n'),
      fill('"'),
      fill(': '),
      fill('---\n'),
      fill('...\n'),
      fill('%A\n'),
      fill('a #\n'),
      fill('\n'),
      fill('*a '),
      fill('${{ params.ipc }}', ['name: "', '"']),
      fill('${{ ', ['name: "', '"']),
      fill('\\n', ['a: "', '"']),
      fill('x\n  ', ['a: ', '']),
      fill('Convnet,', ['stages: { e: { uses: evaluate, with: { networks: [', '] } } }']).slice(0, 90_000),
      '['.repeat(49_000),
      numbered((index) => `k${index}:\n`),
      numbered((index) => `- &a${index} x\n`),
      `stages:\n${numbered((index) => `  s${index}: {needs: [t${index}]}\n`)}`,
      `params:\n${numbered((index) => `  p${index}: 1\n`)}`,
    ];
    for (const text of texts) assert.equal(compiles(text), false);
  });

  it('answers soon to what matrices and long lists of names multiply', () => {
    const count = (length: number, write: (index: number) => string) =>
      Array.from({ length }, (_, index) => write(index)).join(', ');
    const cells = `matrix: { b: [${count(2000, String)}] }`;
    const resembling = 'abcdefghijklmnopqrstuvwxyz'.repeat(2);
    const stages = [
      `  e: { uses: train-experts, ${cells}, with: { count: 1, epochs: 2, ${count(40, (index) => `epoch${index}: 1`)} } }`,
      `  e: { uses: train-experts, ${cells}, with: { ${count(40, (index) => `k${index}: '\${{ matrix.b + params.q${index} }}'`)} } }`,
      `  e: { uses: evaluate, ${cells}, with: { dataset: x, networks: [${count(1000, (index) => `{ architecture: ConvNet, width: ${index + 1} }`)}] } }`,
      `  e: { uses: evaluate, ${cells}, needs: [${count(30, (index) => `${resembling}${index}`)}], with: { dataset: x } }`,
      `  e: { uses: report, ${cells} }\n${count(250, (index) => `\n  r${index}: { uses: report, matrix: e }`).replaceAll(',', '')}`,
      `  e: { uses: report, matrix: { include: [{ ${count(4000, (index) => `a${index}: 1`)} }, { b: 1 }] } }`,
      `  e: { uses: report, with: { title: '\${{ params.${resembling} }}' } }\nparams: { ${count(1500, (index) => `${resembling}${index}: { type: integer }`)} }`,
      `  e: { uses: report, needs: [${count(90, (index) => `t${index}`)}] }\n${count(250, (index) => `\n  ${'s'.repeat(59)}${index}: { uses: report, needs: [e] }`).replaceAll(', \n', '\n')}`,
    ];
    for (const text of stages) {
      const started = process.cpuUsage();
      assert.throws(
        () => compile(`name: x\ndataset: fashion-mnist\nstages:\n${text}\n`),
        (error) => error instanceof DefinitionError && error.message.length < 50_000,
        text.slice(0, 100),
      );
      const { user } = process.cpuUsage(started);
      assert.ok(user < 1e6, `${user / 1e6} s of processor time for ${text.slice(0, 100)}`);
    }
  });

  it('answers to values of parameters of any kind', () => {
    for (const [value, words] of [
      [null, 'nothing'],
      [[1], 'a list'],
      [{ toString: 1 }, 'a mapping'],
    ] as const)
      assert.throws(
        () => compile(example, { params: { ipc: value as never } }),
        (error) =>
          error instanceof DefinitionError &&
          error.issues[0]?.message ===
            `the parameter "ipc" was given ${words}: expected an integer, found ${words}`,
      );
  });
});

describe('a definition that means harm', () => {
  it('cannot use __proto__ as a key, as text or as an object', () => {
    const stage = '"__proto__": {"uses": "report"}';
    const text = JSON.stringify(parse(example)).replace('"stages":{', `"stages":{${stage},`);
    for (const input of [text, JSON.parse(text) as object]) {
      assert.throws(() => compile(input), {
        code: 'InvalidDefinition',
        message: /"__proto__" cannot be a key/,
      });
    }
    assert.equal('uses' in {}, false);
  });

  it('cannot make a message read differently from what it is', () => {
    const text = example.replace('name: example', 'name: "a\u202eb\u2066c\u2028d"');
    assert.throws(
      () => compile(text, { params: { 'x\u202ey': 1 } }),
      (error) =>
        error instanceof DefinitionError && !/[\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(error.message),
    );
  });

  it('cannot bring a zero that JSON cannot say', () => {
    for (const input of [example.replace('seed: 7', 'seed: -0'), { ...(parse(example) as object), seed: -0 }])
      assert.ok(Object.is(compile(input).plan.seed, 0));
  });

  it('is told once of a number that is too large in two ways', () => {
    assert.throws(
      () => compile(example.replace('seed: 7', 'seed: 9007199254740993')),
      (error) => error instanceof DefinitionError && error.issues.length === 1,
    );
  });
});

describe('the folder definition/', () => {
  it('imports only yaml, zod, its own files, the errors, and types', () => {
    const folder = join(packageRoot(), 'definition');
    const values = readdirSync(folder).flatMap((file) =>
      [
        ...readFileSync(join(folder, file), 'utf8').matchAll(
          /^(?:import|export)(?! type)[^;]*? from '([^']+)'/gm,
        ),
      ].map(([, from]) => from),
    );
    const others = values.filter((from) => !from?.startsWith('./'));
    assert.deepEqual([...new Set(others)].sort(), ['../errors/errors.js', 'yaml', 'zod']);
  });
});
