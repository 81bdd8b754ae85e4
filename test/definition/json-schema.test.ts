/**
 * @file The JSON Schema for editors agrees with what compiling accepts, and the stored one is current.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { compile, definitionJsonSchema, describePlan } from '../../definition/index.js';
import { packageRoot } from '../../setup/package-root.js';
import { changed, example } from './examples.js';

const pipelines = join(packageRoot(), 'pipelines');
const validate = new Ajv({ allErrors: true }).compile(definitionJsonSchema());

describe('the JSON Schema', () => {
  it('is the one stored beside the pipelines (npm run schema)', () => {
    const stored: unknown = JSON.parse(readFileSync(join(pipelines, 'pipeline.schema.json'), 'utf8'));
    assert.deepEqual(stored, JSON.parse(JSON.stringify(definitionJsonSchema())));
  });

  it('accepts the example, with expressions where numbers stand', () => {
    assert.ok(validate(parse(example)), JSON.stringify(validate.errors));
    assert.ok(
      validate(parse(changed('count: 2', "count: '${{ params.ipc }}'"))),
      JSON.stringify(validate.errors),
    );
  });

  it('accepts expressions wherever a number, a word, a truth or a name of an alternative stands', () => {
    const expression = "'${{ params.ipc }}'";
    for (const [passage, replacement] of [
      ['seed: 7', `seed: ${expression}`],
      ['limit: 1000', `limit: ${expression}, zca: ${expression}`],
      ['architecture: ConvNet, depth: 2', `architecture: ${expression}, depth: ${expression}`],
      ['network: { architecture: ConvNet, depth: 2, width: 8 }', `network: ${expression}`],
      [
        'epochs: 10 }',
        `epochs: 10, augmentation: ${expression}, lr: ${expression}, keepEpochs: ${expression} }`,
      ],
      ['synSteps: 5', `name: ${expression}\n        synSteps: ${expression}`],
      [
        'needs: [experts]',
        `needs: [${expression}]\n    retry: { preemptions: ${expression} }\n    cache: ${expression}`,
      ],
      [
        '${{ stages.distill.result }}',
        `\${{ stages.distill.result }}\n      lr: ${expression}\n      networks: ${expression}`,
      ],
      ['${{ stages.experts.trajectories }}', '"${{ if(params.ipc > 1,\\n stages.a.x, stages.b.x) }}"'],
    ] as const) {
      const text = changed(passage, replacement);
      assert.ok(validate(parse(text)), `${text}\n${JSON.stringify(validate.errors)}`);
    }
    const method = changed(
      'synSteps: 5',
      "name: '${{ if(params.ipc > 9, ''dm'', ''mtt'') }}'\n        synSteps: 5",
    );
    assert.ok(validate(parse(method)), JSON.stringify(validate.errors));
    assert.deepEqual(compile(method).plan, compile(example).plan);
  });

  it('refuses unknown keys, wrong types, ranges and names', () => {
    for (const text of [
      changed('uses: distill', "uses: '${{ params.ipc }}'"),
      changed('synSteps: 5', 'synStep: 5'),
      changed('synSteps: 5', 'name: mt\n        synSteps: 5'),
      changed('seed: 7', 'sed: 7'),
      changed('count: 2', 'count: many'),
      changed('count: 2', 'count: 0'),
      changed('count: 2, ', ''),
      changed('uses: distill', 'uses: distil'),
      changed('width: 8', 'width: 8, norm: instanse'),
      changed('name: example', 'name: Big Name'),
      changed('${{ stages.distill.result }}', 'distill'),
    ])
      assert.ok(!validate(parse(text)), text);
  });
});

describe('the pipelines', () => {
  const files = readdirSync(pipelines).filter((file) => file.endsWith('.yaml'));
  assert.ok(files.length >= 3);
  for (const file of files) {
    it(`${file} compiles without warnings and fits the JSON Schema`, () => {
      const text = readFileSync(join(pipelines, file), 'utf8');
      const { plan, warnings } = compile(text, { name: file });
      assert.deepEqual(warnings, []);
      assert.equal(plan.name, file.replace('.yaml', ''));
      assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
      assert.deepEqual(compile(parse(text) as object).plan, plan);
      const isKnown = knownDataset(plan.dataset.source) !== undefined;
      assert.equal(describePlan(plan).sgdSteps > 0, isKnown, 'work is counted where the data set is known');
    });
  }

  it('in folders fit the JSON Schema, too', () => {
    const all = readdirSync(pipelines, { recursive: true, encoding: 'utf8' });
    const nested = all.filter((file) => file.endsWith('.yaml') && !files.includes(file));
    assert.ok(nested.length > 10);
    for (const file of nested)
      assert.ok(
        validate(parse(readFileSync(join(pipelines, file), 'utf8'))),
        `${file}: ${JSON.stringify(validate.errors)}`,
      );
  });
});

describe('the documentation', () => {
  it('describes every key', () => {
    const text = readFileSync(join(packageRoot(), 'docs', 'definition.md'), 'utf8');
    const keys = new Set<string>();
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(schema)) {
        if (key === 'properties') for (const name of Object.keys(value as object)) keys.add(name);
        collect(value);
      }
    };
    collect(definitionJsonSchema());
    assert.ok(keys.size > 50, `${keys.size} keys`);
    assert.deepEqual(
      [...keys].filter((key) => !text.includes(`\`${key}\``)),
      [],
    );
  });
});
