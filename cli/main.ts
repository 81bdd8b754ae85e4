/**
 * @file Entry of the `distillery` command.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { distilleryHome, homeLayout } from '../setup/home.js';
import { packageRoot } from '../setup/package-root.js';
import type { CommandContext } from './command-context.js';
import { buildProgram } from './program.js';
import { runCommand } from './run-command.js';
import { StateFile } from './state/state-file.js';
import { terminalOn } from './terminal/terminal.js';

const context: CommandContext = {
  out: terminalOn(process.stdout),
  err: terminalOn(process.stderr),
  environment: process.env,
  stateFile: new StateFile(homeLayout(distilleryHome()).state),
};

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
  version: string;
};

// A reader that has seen enough (`| head`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });

const exitCode = await runCommand(buildProgram(context, version), process.argv.slice(2), context);
// Not process.exit: what is still being written to a pipe must arrive.
process.exitCode ??= exitCode;
