/**
 * @file npm packages: installed when they are missing or differ from the lock file, else left alone.
 *
 * Install scripts stay off (`.npmrc`). None of them is needed: `@temporalio/core-bridge` and `@swc/core`
 * carry their native libraries as files, `core-js` only prints a message, and TensorFlow's download is a
 * step of the set-up, which can say why it failed and has other ways.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, root, run, say, since } from './process.mjs';

const modules = join(root, 'node_modules');
const stampFile = join(modules, '.distillery-packages');

/** Runs `npm ci` if need be. Throws when that fails. */
export async function ensurePackages() {
  const stamp = expectedStamp();
  if (read(stampFile) === stamp) return;
  if (!holdsLockedPackages()) {
    const start = performance.now();
    say(
      existsSync(modules)
        ? 'the npm packages differ from the lock file; installing them anew'
        : 'installing the npm packages (about 400, 640 MB on disk)',
    );
    const status = await npm(['ci', '--no-progress', '--loglevel=error']);
    if (status !== 0) {
      throw failure(
        'npm could not install the packages (its messages are above); check the network and ' +
          '`npm config get registry`, then start again',
      );
    }
    say(`installed the npm packages in ${since(start)}`);
  }
  // Last: an interrupted install has no stamp.
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, stamp);
}

function expectedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const node = process.versions.node.split('.')[0];
  return `${createHash('sha256').update(lock).digest('hex')} node-${node} ${process.platform}-${process.arch}`;
}

/** Whether a user's own `npm ci` or `npm install` has just put the locked versions there. */
function holdsLockedPackages() {
  const installed = parse(join(modules, '.package-lock.json'));
  const locked = parse(join(root, 'package-lock.json'));
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked.packages).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

function npm(args) {
  // Under `npm run`, exactly that npm.
  const script = process.env.npm_execpath;
  return script !== undefined && /npm-cli\.[cm]?js$/.test(script)
    ? run(process.execPath, [script, ...args])
    : run('npm', args);
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function parse(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
