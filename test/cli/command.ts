/**
 * @file Runs the command as a shell would, for tests.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { packageRoot } from '../../setup/package-root.js';

export const mainFile = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command with a folder as its home and no servers but those named in the environment. */
export function distilleryIn(
  home: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [mainFile, ...words], {
      cwd: packageRoot(),
      env: { PATH: process.env['PATH'], HOME: home, DISTILLERY_HOME: home, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
