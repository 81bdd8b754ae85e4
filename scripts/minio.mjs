/**
 * @file Puts a real MinIO into the cache, built from its source release by Go, for the store's contract
 * tests. Never fails: without Go or network those tests have only the embedded server.
 *
 * It builds behind everything else: with low priority and one package at a time.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, setPriority } from 'node:os';
import { delimiter, join } from 'node:path';

/** The last release of its source, of 2026-02-12; the repository is archived since. */
const version = 'v0.0.0-20260212201848-7aac2a2c5b7c';
const limitMs = 12 * 60_000;
const start = Date.now();
const say = (line) => console.log(`minio: ${line}`);

function cacheFolder() {
  if (process.env.DISTILLERY_HOME) return process.env.DISTILLERY_HOME;
  const user =
    process.env.XDG_CACHE_HOME ??
    join(homedir(), ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']));
  return join(user, 'distillery');
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

const bin = join(cacheFolder(), 'bin');
const target = join(bin, 'minio');
if (existsSync(target) || onPath('minio')) {
  say('is there already');
} else if (!onPath('go')) {
  say('there is no Go to build it with; its contract tests are left out');
} else {
  await build();
}

async function build() {
  mkdirSync(bin, { recursive: true });
  const work = mkdtempSync(join(bin, '.minio-'));
  const child = spawn('go', ['install', `github.com/minio/minio@${version}`], {
    env: { ...process.env, GOBIN: work, GOFLAGS: '-p=1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  // The group, because Go's compilers are its children.
  const stop = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  };
  let tail = '';
  let reason = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    tail = (tail + text).slice(-2000);
  });
  const timer = setTimeout(() => {
    reason = 'not done after 12 minutes';
    stop();
  }, limitMs);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      stop();
      rmSync(work, { recursive: true, force: true });
      process.exit(1);
    });
  }
  child.once('spawn', () => {
    say('building it from source in the background (5 to 10 minutes)');
    setPriority(child.pid, 15);
  });
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      reason = error.message;
      resolve(1);
    });
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  if (status === 0 && existsSync(join(work, 'minio'))) {
    renameSync(join(work, 'minio'), target);
    say(`built in ${Math.round((Date.now() - start) / 1000)} s`);
  } else {
    say(`could not be built (${reason || tail.trim().split('\n').at(-1)}); its contract tests are left out`);
  }
  rmSync(work, { recursive: true, force: true });
}
