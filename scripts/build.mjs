/**
 * @file Builds `dist/` when the sources are not those of the last build: compiles, drops what has no source
 * any more, and bundles the workflows, which every worker would otherwise do at each start.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { failure, root, run, say, since } from './steps/process.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.build-stamp');

/** Whether `dist/` is what the sources give now. */
export function isBuilt() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest(sourceFiles());
}

/** Throws when the sources do not compile. Leaves no stamp then, so that the next start tries again. */
export async function build() {
  if (isBuilt()) return;
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(compiler))
    throw failure('dist/ is not what the sources give now, and there is no compiler; run `npm run setup`');
  const sources = sourceFiles();
  const stamp = digest(sources);
  const start = performance.now();
  say(`building ${sources.length} source files`);
  rmSync(stampFile, { force: true });
  removeOrphans();
  const status = await run(process.execPath, [compiler, '-p', join(root, 'tsconfig.json')]);
  if (status !== 0) throw failure('the sources do not compile; the messages are above');
  await bundleWorkflows();
  writeFileSync(stampFile, stamp);
  say(`built in ${since(start)}`);
}

async function bundleWorkflows() {
  const bundle = await import(pathToFileURL(join(dist, 'worker', 'bundle.js')).href);
  if ('workflowBundle' in (await bundle.workflowSource())) return;
  const start = performance.now();
  const path = await bundle.buildWorkflowBundle();
  say(`bundled the workflows into ${relative(root, path)} in ${since(start)}`);
}

const notSources = new Set(['dist', 'node_modules', 'shared']);

/** Everything that the build reads. */
function sourceFiles() {
  const found = ['package-lock.json', 'tsconfig.json'];
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || notSources.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ts')) found.push(path);
    }
  };
  visit('');
  return found.sort();
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** A deleted test would otherwise go on being run. */
function removeOrphans() {
  if (!existsSync(dist)) return;
  const kept = new Set(['workflow-bundle.js']);
  for (const path of readdirSync(dist, { recursive: true })) {
    const source = /^(.*)\.(?:js|js\.map|d\.ts)$/.exec(path)?.[1];
    if (source === undefined || kept.has(path)) continue;
    if (!existsSync(join(root, `${source}.ts`))) rmSync(join(dist, path));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(error.expected === true ? error.message : error);
    process.exitCode = 1;
  }
}
