/**
 * @file `distillery run`: starts a pipeline as the `temporal` command would, and follows it.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import {
  givenParameters,
  parameterFileOption,
  parameterOption,
  type ParameterOptions,
} from '../parameters.js';
import { stagesOf, stagesOption, type StagesOptions } from '../stages-option.js';
import { printable, printableLines } from '../terminal/escape.js';

interface RunOptions extends ParameterOptions, StagesOptions {
  workflowId?: string;
  cache: boolean;
  detach?: true;
}

export function runCommandOf(context: CommandContext): Command {
  return commandWithExamples('run', 'Start a pipeline and follow it to its end.', [
    { command: 'distillery run pipelines/fashion-mnist-quickstart.yaml', meaning: 'start and follow' },
    {
      command: 'distillery run my.yaml --param ipc=10 --workflow-id ipc10',
      meaning: 'with a parameter and a name',
    },
    { command: 'distillery run my.yaml --detach', meaning: 'start, print the id and return' },
  ])
    .addHelpText('after', '\nCtrl-C stops following; the run goes on. `distillery cancel ID` stops it.')
    .argument('<file>', 'definition')
    .addOption(parameterOption())
    .addOption(parameterFileOption())
    .addOption(stagesOption())
    .option('--workflow-id <id>', 'name of the run (default: name of the pipeline and the time)')
    .option('--no-cache', 'compute every stage again, also those whose result is in the store')
    .option('-d, --detach', 'do not follow')
    .action(async (file: string, options: RunOptions) => {
      const { loadDefinition } = await import('../definition-file.js');
      const { connectTemporal } = await import('../temporal/connect.js');
      const { freshWorkflowId, startPipeline } = await import('../temporal/start.js');
      const params = await givenParameters(options);
      const types = await stagesOf(options, context);
      const { bytes, plan, warnings } = await loadDefinition(file, params, types);
      for (const warning of warnings)
        context.err.line(`${context.err.colours.yellow('warning:')} ${printableLines(warning)}`);
      const workflowId = options.workflowId ?? freshWorkflowId(plan.name, new Date());
      const temporal = await connectTemporal(serversOf(context));
      try {
        await startPipeline(temporal.client, workflowId, bytes, {
          params,
          cache: options.cache,
        });
        if (options.detach) {
          context.out.line(printable(workflowId));
          // Another server than the one meant may answer: the default address, once `distillery up` has gone.
          context.err.line(
            `Started at ${printable(temporal.address)}, namespace ${printable(temporal.namespace)}.`,
          );
          return;
        }
        const { followToEnd } = await import('../runs/follow-to-end.js');
        await followToEnd(context, temporal, workflowId, plan);
      } finally {
        await temporal.close();
      }
    });
}
