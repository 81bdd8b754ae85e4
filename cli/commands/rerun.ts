/**
 * @file `distillery rerun`: a run once more, from one of its stages on.
 */
import type { Command } from 'commander';

import { didYouMean } from '../../definition/suggest.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import type { RunRecord } from '../runs/run-record.js';
import { printable } from '../terminal/escape.js';

interface RerunOptions {
  readonly from: string;
  readonly workflowId?: string;
  readonly detach?: true;
}

export function rerunCommand(context: CommandContext): Command {
  return commandWithExamples('rerun', 'Start a run once more, computing a stage and all after it again.', [
    { command: 'distillery rerun fmnist --from distill', meaning: 'the experts stay as they are' },
    { command: 'distillery rerun fmnist --from report --detach', meaning: 'start, print the id, return' },
  ])
    .addHelpText(
      'after',
      '\nThe same definition with the same parameters, in a new run. Stages before the\none named are taken from the store. With the same engine the numbers come out\nthe same; to change something, edit the definition and `distillery run` it.',
    )
    .argument('<id>', 'workflow id of the run')
    .requiredOption('--from <stage>', 'the first stage to compute again')
    .option('--workflow-id <id>', 'name of the new run (default: that of the old and the time)')
    .option('-d, --detach', 'do not follow')
    .action(async (id: string, options: RerunOptions) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { readRun } = await import('../runs/run-record.js');
      const { freshWorkflowId, startPipeline } = await import('../temporal/start.js');
      const { followToEnd } = await import('../runs/follow-to-end.js');
      const temporal = await connectTemporal(serversOf(context));
      try {
        const run = await readRun(temporal.client, id);
        const plan = planWith(run, options.from);
        const workflowId = options.workflowId ?? freshWorkflowId(`${id}-rerun`, new Date());
        await startPipeline(temporal.client, workflowId, run.definition, {
          ...run.options,
          cache: true,
          recompute: [options.from],
        });
        if (options.detach) context.out.line(printable(workflowId));
        else await followToEnd(context, temporal, workflowId, plan);
      } finally {
        await temporal.close();
      }
    });
}

/** The plan of the run, once it is sure that it has the stage. */
function planWith({ workflowId, plan, error }: RunRecord, stage: string): NonNullable<RunRecord['plan']> {
  if (plan === undefined) {
    throw new DistilleryError(
      'InvalidDefinition',
      `The run "${workflowId}" has no plan${error === undefined ? ' yet' : ` (${error})`}; nothing can be computed again.`,
    );
  }
  // A stage with a matrix stands for all of its cells.
  const ids = [...new Set(plan.stages.flatMap(({ id }) => [id, id.replace(/\[.*$/, '')]))];
  if (ids.includes(stage)) return plan;
  throw new DistilleryError(
    'InvalidDefinition',
    `The run "${workflowId}" has no stage "${stage}"${didYouMean(stage, ids) || `; it has: ${ids.join(', ')}`}.`,
  );
}
