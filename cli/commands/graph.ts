/**
 * @file `distillery graph`: the stages of a definition or a run as a picture.
 */
import { writeFile } from 'node:fs/promises';

import { type Command, Option } from 'commander';

import { DistilleryError } from '../../errors/errors.js';
import type { Plan } from '../../definition/plan.js';
import type { StageStatus } from '../../definition/stages.js';
import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import type { GraphTitle } from '../graph/svg.js';
import {
  givenParameters,
  parameterFileOption,
  parameterOption,
  type ParameterOptions,
} from '../parameters.js';
import { stagesOf, stagesOption, type StagesOptions } from '../stages-option.js';
import { printable } from '../terminal/escape.js';

interface GraphOptions extends ParameterOptions, StagesOptions {
  readonly format?: 'mermaid' | 'svg' | 'dot';
  readonly output?: string;
  readonly run?: string;
}

interface Drawn {
  readonly plan: Plan;
  readonly statuses: readonly Pick<StageStatus, 'id' | 'state'>[];
  readonly title: GraphTitle;
}

export function graphCommand(context: CommandContext): Command {
  return commandWithExamples('graph', 'Draw the stages of a definition, or of a run with their states.', [
    { command: 'distillery graph my.yaml', meaning: 'Mermaid, for Markdown' },
    { command: 'distillery graph my.yaml --output graph.svg', meaning: 'a picture' },
    { command: 'distillery graph --run fmnist --output now.svg', meaning: 'a run as it stands' },
    { command: 'distillery graph my.yaml --format dot', meaning: 'for Graphviz' },
  ])
    .addHelpText('after', '\nA stage with a matrix is one box. An arrow that others imply is left out.')
    .argument('[file]', 'definition; without one, that of the run')
    .addOption(parameterOption())
    .addOption(parameterFileOption())
    .addOption(stagesOption())
    .addOption(
      new Option('-f, --format <name>', 'by default that of the ending of --output, else mermaid').choices([
        'mermaid',
        'svg',
        'dot',
      ]),
    )
    .option('-o, --output <file>', 'write to a file in place of standard output')
    .option('--run <id>', 'colour the stages by their state in this run')
    .action(async (file: string | undefined, options: GraphOptions) => {
      const { stageBoxes } = await import('../graph/stage-boxes.js');
      const { graphSvg } = await import('../graph/svg.js');
      const { graphDot, graphMermaid } = await import('../graph/texts.js');
      const { plan, statuses, title } = await whatToDraw(context, file, options);
      const boxes = stageBoxes(plan, statuses);
      const format = options.format ?? formatOf(options.output);
      const text = {
        svg: () => graphSvg(boxes, title),
        dot: () => graphDot(boxes, plan.name),
        mermaid: () => graphMermaid(boxes),
      }[format]();
      if (options.output === undefined) {
        context.out.write(text);
        return;
      }
      await write(options.output, text);
      context.err.line(`${boxes.boxes.length} stages drawn as ${format} in ${printable(options.output)}.`);
    });
}

function formatOf(output: string | undefined): 'mermaid' | 'svg' | 'dot' {
  if (output?.endsWith('.svg')) return 'svg';
  return output?.endsWith('.dot') || output?.endsWith('.gv') ? 'dot' : 'mermaid';
}

async function whatToDraw(
  context: CommandContext,
  file: string | undefined,
  options: GraphOptions,
): Promise<Drawn> {
  const { planSource } = await import('../plans/plan-source.js');
  const params = await givenParameters(options);
  const types = await stagesOf(options, context);
  const { run } = options;
  if (run === undefined) {
    if (file === undefined)
      throw new DistilleryError('InvalidDefinition', 'Name a definition, or a run with --run.');
    const { plan } = await planSource(context, file, params, types);
    return { plan, statuses: [], title: { name: plan.name } };
  }
  const { plan } = await planSource(context, file ?? run, params, types);
  const { state, statuses } = await statusesOf(context, run);
  return { plan, statuses, title: { name: plan.name, note: `${run}, ${state}` } };
}

/** From a worker while one answers; else what is on record, which is less while the run goes on. */
async function statusesOf(
  context: CommandContext,
  id: string,
): Promise<{ state: string; statuses: Drawn['statuses'] }> {
  const { connectTemporal } = await import('../temporal/connect.js');
  const { collectRun } = await import('../temporal/collect.js');
  const { readRun } = await import('../runs/run-record.js');
  const temporal = await connectTemporal(serversOf(context));
  try {
    const view = await collectRun(temporal.client, id, () => undefined);
    if (view.stages.length > 0) return { state: view.state, statuses: view.stages };
    const { state, outcomes } = await readRun(temporal.client, id);
    return { state, statuses: [...outcomes.values()].map(({ status }) => status) };
  } finally {
    await temporal.close();
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new DistilleryError('InvalidDefinition', `Cannot write ${file}: ${String(code)}.`, { cause });
  }
}
