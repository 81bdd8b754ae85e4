/**
 * @file Installs that are either whole or absent: filled in a scratch folder, described by a manifest of
 * digests that is written last, and moved into place by one rename.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join, relative } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { sha256OfFile } from './digest.js';
import { homeLayout, prepareHome } from './home.js';
import { waitForLock } from './lock.js';
import type { Say } from './say.js';

const manifestName = 'installed.json';

interface InstalledFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mtimeMs: number;
}

interface InstallManifest {
  readonly name: string;
  readonly files: readonly InstalledFile[];
}

/** What to install and how. */
export interface Recipe {
  /** Folder name, with the version in it: another version is another install. */
  readonly name: string;
  /** Fills an empty folder; `scratch` is another one, for downloads, removed afterwards. */
  readonly fill: (folder: string, scratch: string) => Promise<void>;
}

/**
 * The folder of a finished install, or undefined when it is absent or damaged.
 *
 * @param check `quick` compares sizes and times with the manifest; `full` reads every byte.
 */
export async function findInstall(
  home: string,
  name: string,
  check: 'quick' | 'full' = 'quick',
): Promise<string | undefined> {
  const folder = join(homeLayout(home).installs, name);
  const manifest = readManifest(folder);
  if (manifest?.name !== name) return undefined;
  for (const file of manifest.files) {
    const path = join(folder, file.path);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== file.bytes) return undefined;
    // A copied or restored cache has other times; then only the digest can tell.
    const touched = Math.abs(found.mtimeMs - file.mtimeMs) > 1;
    if ((touched || check === 'full') && (await sha256OfFile(path)) !== file.sha256) return undefined;
  }
  return folder;
}

/**
 * Returns the folder of an install, made first if need be. Two processes that want the same thing take
 * turns; the second finds it there.
 */
export async function ensureInstall(home: string, recipe: Recipe, say: Say): Promise<string> {
  const found = await findInstall(home, recipe.name);
  if (found !== undefined) return found;
  const layout = prepareHome(home);
  const lock = await waitForLock(layout.lock, (holder) => {
    if (holder.pid !== process.pid)
      say(`waiting for another set-up (process ${holder.pid} on ${holder.host}) to finish`);
  });
  try {
    const meanwhile = await findInstall(home, recipe.name);
    if (meanwhile !== undefined) return meanwhile;
    // Whoever left something here is dead: we hold the lock.
    for (const name of readdirSync(layout.partial)) {
      rmSync(join(layout.partial, name), { recursive: true, force: true });
    }
    return await install(layout.partial, join(layout.installs, recipe.name), recipe);
  } finally {
    lock.release();
  }
}

async function install(partial: string, destination: string, recipe: Recipe): Promise<string> {
  const work = join(partial, randomUUID());
  const folder = join(work, 'install');
  const scratch = join(work, 'scratch');
  mkdirSync(folder, { recursive: true });
  mkdirSync(scratch);
  try {
    await recipe.fill(folder, scratch);
    const files: InstalledFile[] = [];
    for (const path of filesIn(folder)) files.push(await describe(folder, path));
    const manifest: InstallManifest = { name: recipe.name, files };
    await writeFile(join(folder, manifestName), JSON.stringify(manifest, null, 1));
    await flush(join(folder, manifestName));
    if (existsSync(destination)) renameSync(destination, join(work, 'damaged'));
    renameSync(folder, destination);
    return destination;
  } catch (error) {
    throw asSetupError(error, recipe.name, destination);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function describe(folder: string, path: string): Promise<InstalledFile> {
  await flush(path);
  const { size, mtimeMs } = await stat(path);
  return { path: relative(folder, path), bytes: size, sha256: await sha256OfFile(path), mtimeMs };
}

/** On disk before the manifest says so, or a power cut could leave zeros of the right length. */
async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const entry = lstatSync(path);
    return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : [];
  });
}

function readManifest(folder: string): InstallManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as InstallManifest;
  } catch {
    return undefined;
  }
}

function asSetupError(error: unknown, name: string, destination: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof DistilleryError) return error;
  if (code === 'ENOSPC') {
    return new DistilleryError(
      'NoSpace',
      `no space left while installing ${name} in ${destination}; free some, or set DISTILLERY_HOME to a bigger disk`,
      { cause: error },
    );
  }
  return new DistilleryError('SetupFailed', `cannot install ${name} in ${destination}: ${message}`, {
    cause: error,
  });
}
