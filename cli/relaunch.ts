/**
 * @file Starts the same command again with other environment variables: some libraries read theirs before
 * the first line of JavaScript runs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { Environment } from './state/client-environment.js';

const mark = 'DISTILLERY_RELAUNCHED';

/**
 * Runs this very command line in a child with the variables laid over the environment and returns its exit
 * code; returns undefined in that child, which is to go on.
 */
export async function relaunchWith(
  variables: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<number | undefined> {
  if (environment[mark] !== undefined) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...environment, ...variables, [mark]: '1' },
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both; the child decides how to end.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGINT', wait);
  }
}
