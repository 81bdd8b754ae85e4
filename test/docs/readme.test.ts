/**
 * @file What the documents show is what works.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** As GitHub makes them of headings. */
function anchorsOf(file: string): Set<string> {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  );
}

test('links between the documents lead somewhere', () => {
  const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  for (const file of ['README.md', 'bench/README.md', ...documents.map((name) => `docs/${name}`)]) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, path = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const target = join(root, path === '' ? file : join(dirname(file), path));
      assert.ok(existsSync(target), `${file} links to ${path}`);
      if (anchor !== undefined)
        assert.ok(anchorsOf(target).has(anchor), `${file} links to ${path}#${anchor}`);
    }
  }
});
