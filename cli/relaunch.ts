/**
 * @file Starts the same command again with other environment variables: some libraries read theirs before
 * the first line of JavaScript runs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

import { engineEnvironment } from '../tensor/environment.js';
import type { Environment } from './state/client-environment.js';

/** What TensorFlow says about itself before it can be told to be quiet. */
const chatter = /^(I0000 |WARNING: All log messages before absl)/;

const mark = 'DISTILLERY_RELAUNCHED';

/**
 * For commands that load TensorFlow in their own process: runs the command again with the variables it needs
 * and takes over that child's exit code. Returns false in the child, which is to go on.
 *
 * @param threads of the engine; default: the machine's
 */
export async function relaunchedForEngine(
  environment: Environment,
  threads = availableParallelism(),
): Promise<boolean> {
  const code = await relaunchWith(engineEnvironment(threads), environment);
  if (code === undefined) return false;
  process.exitCode = code;
  return true;
}

/**
 * Runs this very command line in a child with the variables laid over the environment and returns its exit
 * code; returns undefined in that child, which is to go on.
 */
async function relaunchWith(
  variables: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<number | undefined> {
  if (environment[mark] !== undefined) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...environment, ...variables, [mark]: '1' },
    stdio: ['inherit', 'inherit', 'pipe'],
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!chatter.test(line)) process.stderr.write(`${line}\n`);
  });
  // The terminal sends Ctrl-C to both; the child decides how to end.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGINT', wait);
  }
}
