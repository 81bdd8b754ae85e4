/**
 * @file The `distillery` command put together from its subcommands.
 */
import { Command } from 'commander';

import { artifactsCommand } from './commands/artifacts.js';
import { calibrateCommand } from './commands/calibrate.js';
import { codecCommand } from './commands/codec.js';
import { compareCommand } from './commands/compare.js';
import { completionCommand } from './commands/completion.js';
import { cancelCommand, pauseCommand, resumeCommand, retryCommand } from './commands/control.js';
import { datasetCommand } from './commands/dataset.js';
import { demoCommand } from './commands/demo.js';
import { diffCommand } from './commands/diff.js';
import { downCommand } from './commands/down.js';
import { engineCommand } from './commands/engine.js';
import { flattenCommand } from './commands/flatten.js';
import { graphCommand } from './commands/graph.js';
import { initCommand } from './commands/init.js';
import { listCommand } from './commands/list.js';
import { logsCommand } from './commands/logs.js';
import { planCommand } from './commands/plan.js';
import { rerunCommand } from './commands/rerun.js';
import { runCommandOf } from './commands/run.js';
import { schemaCommand } from './commands/schema.js';
import { setupCommand } from './commands/setup.js';
import { statusCommand } from './commands/status.js';
import { upCommand } from './commands/up.js';
import { validateCommand } from './commands/validate.js';
import { verifyCommand } from './commands/verify.js';
import { workerCommand } from './commands/worker.js';
import type { CommandContext } from './command-context.js';

const exitCodeHelp = `
Exit codes:
  0  done      1  the work failed      2  usage or definition mistake
  3  Temporal or the store does not answer

Start here:
  distillery demo                          everything once, in some minutes
  distillery up                            servers and workers in the foreground
  distillery init                          write a definition of your own
  distillery run pipelines/NAME.yaml       start a pipeline and follow it
`;

/** Commands that connect to Temporal. */
const askingTemporal: ReadonlySet<string> = new Set([
  ...['run', 'status', 'list', 'pause', 'resume', 'retry', 'cancel', 'worker'],
  ...['logs', 'compare', 'rerun', 'graph', 'diff'],
]);

/** Builds the command. Errors are thrown, never printed or turned into an exit here. */
export function buildProgram(context: CommandContext, version: string): Command {
  const program = new Command('distillery')
    .description('Distil image data sets with durable pipelines on Temporal.')
    .version(version, '-V, --version')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', exitCodeHelp)
    .configureHelp({ showGlobalOptions: false });
  for (const command of [
    demoCommand(context),
    upCommand(context),
    downCommand(context),
    runCommandOf(context),
    statusCommand(context),
    listCommand(context),
    logsCommand(context),
    compareCommand(context),
    rerunCommand(context),
    pauseCommand(context),
    resumeCommand(context),
    retryCommand(context),
    cancelCommand(context),
    initCommand(context),
    validateCommand(context),
    flattenCommand(context),
    planCommand(context),
    graphCommand(context),
    diffCommand(context),
    schemaCommand(context),
    calibrateCommand(context),
    artifactsCommand(context),
    datasetCommand(context),
    workerCommand(context),
    codecCommand(context),
    setupCommand(context),
    engineCommand(context),
    verifyCommand(context),
    completionCommand(context),
  ])
    program.addCommand(command);
  // As the Temporal CLI has it; every command that asks Temporal takes it from the environment.
  for (const command of program.commands) {
    if (!askingTemporal.has(command.name())) continue;
    command.option('--profile <name>', 'profile of temporal.toml (TEMPORAL_PROFILE)');
    command.hook('preAction', (_, action) => {
      const { profile } = action.opts<{ profile?: string }>();
      if (profile !== undefined) Object.assign(context.environment, { TEMPORAL_PROFILE: profile });
    });
  }
  for (const command of withSubcommands(program)) {
    command.exitOverride();
    command.configureHelp({ helpWidth: context.out.columns });
    command.configureOutput({
      writeOut: (text) => context.out.write(text),
      writeErr: (text) => context.err.write(text),
      // Printed once, by `main`, like every other error.
      outputError: () => undefined,
    });
  }
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
