/**
 * @file The one folder that set-up writes to.
 */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DistilleryError } from '../errors/errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The cache folder: `DISTILLERY_HOME`, else `distillery` in the user's cache directory
 * (`XDG_CACHE_HOME`, else `~/Library/Caches` on macOS and `~/.cache` elsewhere). Not created.
 */
export function distilleryHome(environment: Environment = process.env, os: string = platform()): string {
  const chosen = environment['DISTILLERY_HOME'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  const user = environment['HOME'] ?? homedir();
  const xdg = environment['XDG_CACHE_HOME'];
  // The specification tells programs to ignore a relative XDG path.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'distillery');
  return os === 'darwin' ? join(user, 'Library', 'Caches', 'distillery') : join(user, '.cache', 'distillery');
}

/** Folders inside the home, by purpose. */
export interface HomeLayout {
  /** Finished installs, each with its manifest of digests. */
  readonly installs: string;
  /** Downloads and installs under way; anything left here by a dead process is removed. */
  readonly partial: string;
  /** Links to the installed programs, for a PATH. */
  readonly bin: string;
  /** Databases, buckets, credentials and logs of the embedded servers. Readable by the user only. */
  readonly state: string;
  /** Held while something is being installed. */
  readonly lock: string;
}

export function homeLayout(home: string): HomeLayout {
  return {
    installs: join(home, 'installs'),
    partial: join(home, 'partial'),
    bin: join(home, 'bin'),
    state: join(home, 'state'),
    lock: join(home, 'setup.lock'),
  };
}

/** Creates the folders. Throws `SetupFailed` when the home cannot be written. */
export function prepareHome(home: string): HomeLayout {
  const layout = homeLayout(home);
  try {
    for (const folder of [layout.installs, layout.partial, layout.bin, layout.state]) {
      mkdirSync(folder, { recursive: true });
    }
    // Not needlessly: in an image the home may be on a read-only file system.
    if ((statSync(layout.state).mode & 0o777) !== 0o700) chmodSync(layout.state, 0o700);
  } catch (cause) {
    throw new DistilleryError(
      'SetupFailed',
      `cannot write to the cache folder ${home} (${(cause as Error).message}); ` +
        'make it writable or set DISTILLERY_HOME to a folder that is',
      { cause },
    );
  }
  return layout;
}
