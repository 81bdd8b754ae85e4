/**
 * @file `npm run pack`: the tarball of the npm package, from a checkout that is built as its sources are now. npm's
 * own hooks do not run where scripts are switched off, as `.npmrc` does here: `npm pack` alone takes whatever `dist/`
 * holds then, and builds first with `--ignore-scripts=false`.
 *
 * Usage: node scripts/pack.mjs [--json] [options of `npm pack`]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isBuilt } from './build.mjs';
import { failure, root, say } from './steps/process.mjs';

const mostBytes = 3_000_000;

try {
  if (!isBuilt())
    throw failure(
      'dist/ is missing or not what the sources give now; run `npm run build` (in a fresh clone `npm run setup`), ' +
        'then pack again',
    );
  const options = process.argv.slice(2).filter((option) => option !== '--json');
  const words = ['pack', '--json', '--ignore-scripts', ...options];
  const json = execFileSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  const [packed] = JSON.parse(json);
  const held = new Set(packed.files.map(({ path }) => path));
  const missing = entryPoints().filter((path) => !held.has(path));
  if (missing.length > 0)
    throw failure(`the tarball lacks ${missing.join(', ')}; build anew, then pack again`);
  if (packed.size > mostBytes)
    throw failure(
      `the tarball takes ${megabytes(packed.size)}, expected at most ${megabytes(mostBytes)}; see \`files\` in ` +
        'package.json for what enters it',
    );
  if (process.argv.includes('--json')) console.log(json);
  else
    say(
      `packed ${packed.filename}: ${packed.files.length} files, ${megabytes(packed.size)}, ` +
        `${megabytes(packed.unpackedSize)} unpacked`,
    );
} catch (error) {
  console.error(error.expected === true ? error.message : error);
  process.exitCode = 1;
}

/** What package.json promises to be there, and the bundle without which every worker makes its own. */
function entryPoints() {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const promised = [...Object.values(exports), bin].flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  return [...promised.map((path) => path.replace(/^\.\//, '')), 'dist/workflow-bundle.js'];
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
