/**
 * @file `distillery up` in the background: started, waited for, left alone.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { DistilleryError } from '../../errors/errors.js';
import type { Environment } from '../state/client-environment.js';
import type { ServicesState, StateFile } from '../state/state-file.js';

const mainScript = fileURLToPath(new URL('../main.js', import.meta.url));

export interface DetachOptions {
  /** Words of the command to run in the background. */
  readonly words: readonly string[];
  readonly environment: Environment;
  readonly stateFile: StateFile;
  /** File for its output, begun anew. */
  readonly log: string;
}

/** Returns once everything is ready. Throws `ServerUnavailable` with the end of the log when it is not. */
export async function startDetached({
  words,
  environment,
  stateFile,
  log,
}: DetachOptions): Promise<ServicesState> {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'w', 0o600);
  const child = spawn(process.execPath, [mainScript, ...words], {
    env: { ...environment, NO_COLOR: '1' },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let exitCode: number | null | undefined;
  child.once('exit', (code) => (exitCode = code));
  child.once('error', () => (exitCode = null));
  for (;;) {
    await sleep(100);
    const state = stateFile.read();
    if (state !== undefined && state.pid === child.pid && state.ready) {
      child.unref();
      return state;
    }
    if (exitCode !== undefined) throw failure(log);
  }
}

function failure(log: string): DistilleryError {
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  return new DistilleryError(
    'ServerUnavailable',
    `Not everything started. The log ${log} ends with:\n${tail}`,
  );
}
