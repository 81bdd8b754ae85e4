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
  if (command === 'faults') return runFaults(args);
  if (command === 'fuzz')
    return run(process.execPath, [join(root, 'dist', 'test', 'definition', 'fuzz', 'main.js'), ...args]);
  const bench = { bench: 'engine', 'bench:orchestration': 'orchestration' }[command];
  if (bench !== undefined)
    return run(process.execPath, [join(root, 'dist', 'bench', bench, 'main.js'), ...args]);
  say(`handing over to: distillery ${[command, ...args].join(' ')}`);
  return run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), command, ...args]);
}
