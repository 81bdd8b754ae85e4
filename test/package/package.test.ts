/**
 * @file The npm package as a consumer gets it: what is in the tarball, and that its entry points load, with
 * their types, in a project that has nothing but the declared dependencies.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../setup/package-root.js';

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const run = promisify(execFile);
const root = packageRoot();
const modules = join(root, 'node_modules');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
};
let consumer: string;
let packed: Packed;

before(async () => {
  consumer = mkdtempSync(join(tmpdir(), 'distillery-package-'));
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer],
    {
      cwd: root,
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  const [first] = JSON.parse(stdout) as Packed[];
  assert.ok(first);
  packed = first;
  const home = join(consumer, 'node_modules', 'distillery');
  mkdirSync(home, { recursive: true });
  await run('tar', ['-xzf', join(consumer, packed.filename), '-C', home, '--strip-components=1']);
  // As npm would install them, without the network. TensorFlow's package is not among them.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    const link = join(consumer, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(modules, name), link);
  }
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
});

after(() => rmSync(consumer, { recursive: true, force: true }));

test('the tarball holds what runs and what explains it, and no tests, histories or golden cases', () => {
  const paths = packed.files.map(({ path }) => path);
  const expected =
    /^(package\.json|LICENSE|README\.md|bin\/|pipelines\/|docs\/|kernels\/[\w-]+\.(cc|h|inc)$|dist\/.+\.(js|d\.ts)$)/;
  assert.deepEqual(
    paths.filter((path) => !expected.test(path) || /(^|\/)(test|golden\.json|\.[^/]*)\//.test(path)),
    [],
  );
  for (const path of [
    'bin/distillery.mjs',
    'dist/cli/main.js',
    'dist/workflow-bundle.js',
    'kernels/tile.inc',
    'LICENSE',
  ]) {
    assert.ok(paths.includes(path), path);
  }
  for (const entry of Object.values(manifest.exports)) {
    for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) {
      assert.ok(paths.includes(path.slice(2)), path);
    }
  }
  assert.ok(packed.unpackedSize < 6 * 1024 * 1024, `${packed.unpackedSize} bytes`);
});

test('every entry point loads without TensorFlow, says nothing, and leaves nothing running', async () => {
  const file = join(consumer, 'load.mjs');
  writeFileSync(
    file,
    `const plugin = await import('distillery');
     const workflows = await import('distillery/workflows');
     const activities = await import('distillery/activities');
     const definition = await import('distillery/definition');
     if (new plugin.DistilleryPlugin({ role: 'pipeline' }).name !== 'distillery') throw new Error('plugin');
     const functions = [workflows.pipeline, activities.createActivities, definition.compile];
     if (!functions.every((one) => typeof one === 'function')) throw new Error('functions');`,
  );
  // A timer or a child left behind would keep the process, and run into the limit.
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: consumer, timeout: 60_000 });
  assert.equal(stdout + stderr, '');
  assert.equal(existsSync(join(consumer, 'node_modules', '@tensorflow')), false);
});

test('the command runs from the package', async () => {
  const command = join(consumer, 'node_modules', 'distillery', 'bin', 'distillery.mjs');
  const definition = join(consumer, 'node_modules', 'distillery', 'pipelines', 'tiny.yaml');
  const { stdout } = await run(process.execPath, [command, 'plan', '--json', definition], { cwd: consumer });
  assert.equal(typeof JSON.parse(stdout), 'object');
});

test('types resolve under NodeNext', async () => {
  writeFileSync(
    join(consumer, 'use.ts'),
    `import { DistilleryPlugin, runWorker, type Role } from 'distillery';
     import { pipeline } from 'distillery/workflows';
     import { createActivities } from 'distillery/activities';
     import { compile, type Compiled } from 'distillery/definition';
     const role: Role = 'pipeline';
     const compiled: Compiled = compile('name: x');
     export const used = [new DistilleryPlugin({ role }), runWorker, pipeline, createActivities, compiled];
     // @ts-expect-error there is no such role, and the types are not \`any\`
     new DistilleryPlugin({ role: 'neither' });`,
  );
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  const check = run(process.execPath, [compiler, ...options, '--types', 'node', 'use.ts'], { cwd: consumer });
  await check.catch((error: unknown) => assert.fail((error as { stdout: string }).stdout));
});
