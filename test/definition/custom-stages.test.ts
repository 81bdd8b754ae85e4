/**
 * @file Stages of a user's own types in definitions: what is checked by the type's schema, and what it says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { artifact, defineStage, images, valueOr, type CustomStageType } from '../../custom/stage-type.js';
import { compile } from '../../definition/index.js';
import type { CustomStage, EvaluateStage } from '../../definition/plan.js';

const sharpen = defineStage({
  name: 'sharpen',
  version: 3,
  inputs: z.strictObject({
    images: images(),
    amount: valueOr(z.number().min(0).max(2)).default(0.5),
    others: z.array(artifact()).max(3).optional(),
    mode: z.enum(['soft', 'hard']).default('soft'),
  }),
  outputs: { result: 'images', contrast: 'number', log: 'artifact' },
  run: () => Promise.reject(new Error('compiling runs nothing')),
});

const head = `name: tiny
dataset: { source: fashion-mnist, limit: 1000 }
stages:
  picks: { uses: select, with: { method: { name: random }, ipc: 2 } }
`;

function compiled(stages: string, types: readonly CustomStageType[] = [sharpen]) {
  return compile(head + stages, { stages: types });
}

/** The messages of all issues. */
function issuesOf(stages: string, types?: readonly CustomStageType[]): string[] {
  try {
    compiled(stages, types);
  } catch (error) {
    return (error as { issues: { line?: number; message: string }[] }).issues.map(
      ({ line, message }) => `${line}: ${message}`,
    );
  }
  throw new Error('it compiles');
}

test('the plan says where a stage runs that runs in the compute process', () => {
  const stage = `  first: { uses: custom/sharpen, with: { images: '\${{ stages.picks.result }}' } }\n`;
  const [, inWorker] = compiled(stage).plan.stages;
  assert.ok(inWorker && !('runs' in inWorker));
  const [, computing] = compiled(stage, [{ ...sharpen, runs: 'compute' }]).plan.stages;
  assert.deepEqual(computing, { ...inWorker, runs: 'compute' });
  assert.throws(
    () => defineStage({ ...sharpen, runs: 'gpu' as 'compute', run: () => Promise.resolve({}) as never }),
    /runs in one of worker, compute; found "gpu"/,
  );
});

test('a distillation starts from images of any stage that makes them, as many as it distils', () => {
  const distill = (id: string, init: string, ipc = 2) => `
  ${id}:
    uses: distill
    with: { method: { name: dm }, ipc: ${ipc}, iterations: 2, init: '\${{ stages.${init} }}' }
`;
  const own = `  own: { uses: custom/sharpen, with: { images: '\${{ stages.picks.result }}' } }\n`;
  const { plan } = compiled(`${own}${distill('first', 'own.result')}${distill('second', 'first.result')}`);
  assert.deepEqual(
    plan.stages.map(({ id, needs }) => [id, needs]),
    [
      ['picks', []],
      ['own', ['picks']],
      ['first', ['own']],
      ['second', ['first']],
    ],
  );
  assert.deepEqual(issuesOf(`${own}${distill('first', 'own.contrast')}`), [
    '9: "init" takes images; "contrast" of stage "own" is something else',
  ]);
  assert.match(
    issuesOf(`${distill('first', 'picks.result')}${distill('second', 'first.result', 3)}`).join(),
    /stage "first" makes 2 images per class, and 3 are to be distilled/,
  );
});

test('the plan holds checked settings with defaults, and apart from them what they refer to', () => {
  const { plan, warnings } = compiled(`
  first: { uses: custom/sharpen, with: { images: '\${{ stages.picks.result }}', amount: 1.5 } }
  second:
    uses: custom/sharpen
    with:
      images: \${{ stages.first.result }}
      amount: \${{ stages.first.contrast }}
      others: ['\${{ stages.first.log }}', '\${{ stages.picks.result }}']
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.second.result }}' } }
`);
  assert.deepEqual(warnings, []);
  const [, first, second, evaluate] = plan.stages as [unknown, CustomStage, CustomStage, EvaluateStage];
  const { uses, type, version, needs, with: settings, inputs } = second;
  assert.deepEqual(
    { uses, type, version, needs },
    { uses: 'custom', type: 'sharpen', version: 3, needs: ['first', 'picks'] },
  );
  assert.deepEqual(first.with, { amount: 1.5, mode: 'soft' });
  assert.deepEqual(settings, { others: [null, null], mode: 'soft' });
  assert.deepEqual(inputs, {
    images: { stage: 'first', output: 'result' },
    amount: { stage: 'first', output: 'contrast' },
    'others.0': { stage: 'first', output: 'log' },
    'others.1': { stage: 'picks', output: 'result' },
  });
  assert.deepEqual(evaluate.with.dataset, { stage: 'second', output: 'result' });
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'a plan is plain JSON');
});

test('settings are checked by the schema of the type, with their places', () => {
  const settings = (text: string) =>
    issuesOf(`
  first: { uses: custom/sharpen, with: { ${text} } }
`);
  const given = "images: '${{ stages.picks.result }}'";
  assert.deepEqual(settings(`${given}, amount: 3`), ['6: must be at most 2, found 3']);
  assert.deepEqual(settings(`${given}, amont: 1`), [
    '6: unknown key "amont" in "with"; did you mean "amount"?',
  ]);
  assert.deepEqual(settings(`${given}, mode: hart`), [
    '6: expected one of "soft", "hard", found the text "hart"; did you mean "hard"?',
  ]);
  assert.deepEqual(settings('amount: 1'), ['6: "images" is missing']);
  assert.deepEqual(settings('images: yes'), [
    '6: expected images of another stage, such as "${{ stages.distill.result }}"',
  ]);
});

test('references must lead to outputs of the kind that is taken', () => {
  const stage = (text: string) =>
    issuesOf(`
  first: { uses: custom/sharpen, with: { images: '\${{ stages.picks.result }}' } }
  last: ${text}
`);
  const last = (given: string) => stage(`{ uses: custom/sharpen, with: { ${given} } }`);
  assert.deepEqual(last("images: '${{ stages.first.reslt }}'"), [
    '7: stage "first" has no output "reslt"; did you mean "result"?',
  ]);
  assert.deepEqual(last("images: '${{ stages.first.log }}'"), [
    '7: expected images; the output "log" of stage "first" is an artifact',
  ]);
  assert.deepEqual(last("images: '${{ stages.first.result }}', amount: '${{ stages.first.log }}'"), [
    '7: expected a number; the output "log" of stage "first" is an artifact',
  ]);
  assert.deepEqual(stage("{ uses: evaluate, with: { dataset: '${{ stages.first.contrast }}' } }"), [
    '7: "dataset" takes images; "contrast" of stage "first" is something else',
  ]);
  assert.deepEqual(last("images: '${{ stages.frist.result }}'"), [
    '7: there is no stage "frist"; did you mean "first"?',
  ]);
});

test('a type that nobody has added is refused, with the one that may be meant', () => {
  const uses = (text: string, types?: readonly CustomStageType[]) =>
    issuesOf(`  last: { uses: ${text}, with: {} }\n`, types)[0] ?? '';
  assert.match(
    uses('custom/sharpn'),
    /^5: there is no type of stage "custom\/sharpn" here; did you mean "custom\/sharpen"\?/,
  );
  assert.match(uses('custom/blur'), /"custom\/blur" here; there are: custom\/sharpen\. .*--stages FILE/);
  assert.match(uses('custom/sharpen', []), /"custom\/sharpen" here; none was added\. .*DISTILLERY_STAGES/);
  assert.match(uses('sharpen'), /no type of stage "sharpen"; did you mean "custom\/sharpen"\?/);
  assert.match(uses('distil'), /found the text "distil"; did you mean "distill"\?/);
});

test('what a schema makes of settings must be plain data', () => {
  const dated = defineStage({
    name: 'dated',
    inputs: z.strictObject({ since: z.string().transform((text) => new Date(text)) }),
    outputs: {},
    run: () => Promise.resolve({}),
  });
  assert.match(
    issuesOf("  last: { uses: custom/dated, with: { since: '2026-01-01' } }\n", [dated])[0] ?? '',
    /schema of custom\/dated makes something of this that is no plain data/,
  );
});

test('names that cannot be used are refused where the type is defined', () => {
  const define = (change: object) => () =>
    defineStage({
      ...{ name: 'x', inputs: z.object({}), outputs: {}, run: () => Promise.resolve({}) },
      ...change,
    });
  assert.throws(define({ name: 'Custom/X' }), { code: 'InvalidDefinition', message: /its name is made of/ });
  assert.throws(define({ version: 0 }), /its version is a whole number from 1/);
  assert.throws(define({ outputs: { 'a.b': 'number' } }), /"a\.b" names no input or output/);
  assert.throws(define({ outputs: { a: 'float' } }), /the output "a" is none of artifact, images/);
  assert.throws(define({ inputs: z.string() }), /its inputs are an object schema/);
  assert.throws(() => compiled('', [define({})(), define({})()]), /type of stage x is defined twice/);
});
