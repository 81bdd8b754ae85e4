/**
 * @file `npm run test:faults`: the set-up that it needs, then the campaign in test/faults.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, say } from './process.mjs';

/** Returns the exit status. */
export async function runFaults(args) {
  const { setup } = await import(pathToFileURL(join(root, 'dist', 'setup', 'index.js')).href);
  await setup({ say });
  const main = join(root, 'dist', 'test', 'faults', 'main.js');
  return run(process.execPath, ['--enable-source-maps', main, ...args]);
}
