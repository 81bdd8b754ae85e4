/**
 * @file The npm package as a consumer gets it: what is in the tarball, and that its entry points load, with
 * their types, in a project that has nothing but the declared dependencies.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../setup/package-root.js';
import { consumerProject, manifest, type Consumer, type Packed } from './packed.js';

const run = promisify(execFile);
const modules = join(packageRoot(), 'node_modules');
let project: Consumer;
let consumer: string;
let packed: Packed;

before(async () => {
  // TensorFlow's package is not among what it has.
  project = await consumerProject('@types/node', 'undici-types');
  ({ folder: consumer, packed } = project);
});

after(() => project.remove());

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

test('a tarball is made of a tree as it is built, and else is refused with what to do', async () => {
  const tree = join(consumer, 'unbuilt');
  for (const path of ['scripts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(packageRoot(), path), join(tree, path), { recursive: true });
  await assert.rejects(run(process.execPath, [join(tree, 'scripts', 'pack.mjs')]), {
    code: 1,
    stdout: '',
    stderr:
      'dist/ is missing or not what the sources give now; run `npm run build` (in a fresh clone `npm run setup`), ' +
      'then pack again\n',
  });
  // Where npm runs scripts, it does not pack a tree that it cannot build.
  await assert.rejects(run('npm', ['pack', '--ignore-scripts=false'], { cwd: tree }), (error: unknown) => {
    const { stderr } = error as { stderr: string };
    assert.match(
      stderr,
      /dist\/ is not what the sources give now, and there is no compiler; run `npm run setup`/,
    );
    return true;
  });
  assert.deepEqual(
    readdirSync(tree).filter((name) => name.endsWith('.tgz')),
    [],
  );
});

test('every entry point by itself leaves no trace when it is imported', async () => {
  // tslib and zod, which others share with it, keep what begins with "__" among the globals.
  const state = `JSON.stringify([
    process.getActiveResourcesInfo().filter((name) => !/^((Pipe|TTY)Wrap|CloseReq)$/.test(name)),
    Object.getOwnPropertyNames(globalThis).filter((name) => !name.startsWith('__')),
    process.env,
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  ])`;
  for (const path of Object.keys(manifest.exports).filter((name) => name !== './package.json')) {
    const entry = path.replace('.', 'distillery');
    const program = `const before = ${state};
      await import('${entry}');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const after = ${state};
      if (after !== before) throw new Error(before + ' became ' + after);`;
    const words = ['--input-type=module', '--eval', program];
    const { stdout, stderr } = await run(process.execPath, words, { cwd: consumer, timeout: 60_000 });
    assert.equal(stdout + stderr, '', entry);
  }
});

test('every entry point loads without TensorFlow, says nothing, and leaves nothing running', async () => {
  const file = join(consumer, 'load.mjs');
  writeFileSync(
    file,
    `const plugin = await import('distillery');
     const workflows = await import('distillery/workflows');
     const activities = await import('distillery/activities');
     const definition = await import('distillery/definition');
     const testing = await import('distillery/testing');
     if (new plugin.DistilleryPlugin({ role: 'pipeline' }).name !== 'distillery') throw new Error('plugin');
     const functions = [workflows.pipeline, activities.createActivities, definition.compile, testing.tryStage];
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
     import { tryStage } from 'distillery/testing';
     const role: Role = 'pipeline';
     const compiled: Compiled = compile('name: x');
     export const used = [new DistilleryPlugin({ role }), runWorker, pipeline, createActivities, compiled, tryStage];
     // @ts-expect-error there is no such role, and the types are not \`any\`
     new DistilleryPlugin({ role: 'neither' });`,
  );
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  const check = run(process.execPath, [compiler, ...options, '--types', 'node', 'use.ts'], { cwd: consumer });
  await check.catch((error: unknown) => assert.fail((error as { stdout: string }).stdout));
});
