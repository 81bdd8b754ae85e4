/**
 * @file `npm test`: the set-up that the tests need, then every compiled test, then one line of counts.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { failure, root, run, say, since } from './process.mjs';

/** No single test, and no file of them, takes longer unless it hangs. */
const limitMs = 15 * 60_000;
/** More at a time only makes servers and TensorFlow processes wait for each other. */
const mostFilesAtOnce = 4;

/**
 * Returns the exit status.
 *
 * @param filters parts of paths; only test files with one of them are run. Default: all.
 */
export async function runTests(filters) {
  await provide();
  const files = testFiles().filter(
    (file) => filters.length === 0 || filters.some((part) => file.includes(part)),
  );
  if (files.length === 0) throw failure(`no test file has ${filters.join(' or ')} in its path`);
  const start = performance.now();
  say(`running ${files.length} test files`);
  const folder = mkdtempSync(join(tmpdir(), 'distillery-tests-'));
  const summary = join(folder, 'summary');
  const status = await run(process.execPath, [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${Math.min(availableParallelism(), mostFilesAtOnce)}`,
    `--test-timeout=${limitMs}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${pathToFileURL(fileURLToPath(new URL('./summary-reporter.mjs', import.meta.url))).href}`,
    `--test-reporter-destination=${summary}`,
    ...files.map((file) => join('dist', 'test', file)),
  ]);
  const counts = readCounts(summary);
  rmSync(folder, { recursive: true, force: true });
  const failed = (counts.fail ?? 0) + (counts.cancelled ?? 0);
  say(`tests took ${since(start)}${counts.skipped > 0 ? `; ${counts.skipped} were skipped` : ''}`);
  console.log(`${counts.pass ?? 0} passed, ${failed} failed`);
  return status !== 0 || failed > 0 ? 1 : 0;
}

async function provide() {
  const load = (path) => import(pathToFileURL(join(root, 'dist', 'setup', path)).href);
  const { setup, distilleryHome } = await load('index.js');
  const { ensureTemporalTestServer } = await load('temporal.js');
  await setup({ say });
  await ensureTemporalTestServer(distilleryHome(), say);
}

function testFiles() {
  return readdirSync(join(root, 'dist', 'test'), { recursive: true })
    .filter((path) => path.endsWith('.test.js'))
    .sort();
}

function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // The runner itself died.
    return { fail: 1 };
  }
}
