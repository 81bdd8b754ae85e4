/**
 * @file What the documents show is what works.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { compile } from '../../definition/index.js';
import { packageRoot } from '../../setup/package-root.js';

const root = packageRoot();
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the definition in the README compiles to the quickstart of pipelines/', () => {
  const shown = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(shown, 'there is a definition');
  const { plan } = compile(shown);
  const kept = compile(readFileSync(join(root, 'pipelines/fashion-mnist-quickstart.yaml'), 'utf8')).plan;
  // The report's title is left out of the short form.
  const comparable = ({ stages, ...rest }: typeof plan) => ({
    ...rest,
    stages: stages.filter((stage) => stage.uses !== 'report'),
  });
  assert.deepEqual(comparable(plan), comparable(kept));
});

test('links between the documents lead somewhere', () => {
  for (const file of ['README.md', 'docs/architecture.md', 'docs/cli.md', 'docs/deployment.md']) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, dirname(file), target)), `${file} links to ${target}`);
    }
  }
});
