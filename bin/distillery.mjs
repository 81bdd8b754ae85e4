#!/usr/bin/env node
/**
 * @file The `distillery` command: runs what was last built.
 */
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('distillery has not been built yet; run `npm run setup` in its folder first');
  process.exitCode = 1;
}
