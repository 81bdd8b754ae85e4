/**
 * @file The order of things: platform, packages, build, then the command itself.
 */
import { join } from 'node:path';
import { build } from '../build.mjs';
import { runFaults } from './faults.mjs';
import { requirePlatform } from './platform.mjs';
import { ensurePackages } from './packages.mjs';
import { root, run, say } from './process.mjs';
import { runTests } from './tests.mjs';

/** Returns the exit status. */
export async function start(command, args) {
  requirePlatform();
  await ensurePackages();
  await build();
  if (command === 'test') return runTests(args);
  if (command === 'bench')
    return run(process.execPath, [join(root, 'dist', 'bench', 'engine', 'main.js'), ...args]);
  if (command === 'faults') return runFaults(args);
  say(`handing over to: distillery ${[command, ...args].join(' ')}`);
  return run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), command, ...args]);
}
