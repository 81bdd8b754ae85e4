/**
 * @file The `pipeline` workflow: compiles a definition and walks its stages, each a child workflow.
 */
import { continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Definition } from '../activities/contract.js';
import type { Plan } from '../definition/plan.js';
import { unpackPlan } from '../definition/packed-plan.js';
import { realImagesPerClass } from '../definition/real-images.js';
import type { PipelineOptions, PipelineResult } from '../definition/stages.js';
import type { NetworkSpec } from '../networks/spec.js';
import { finalFailure, judge, rethrowFaults } from './failures.js';
import { GoOnInNewRun } from './history.js';
import { pipelineStatus, stageProgress } from './messages.js';
import { PipelineControl } from './pipeline-control.js';
import { checkedOptions } from './pipeline-options.js';
import { withPerClass } from './per-class.js';
import { PipelineProgress } from './pipeline-progress.js';
import { light } from './proxies.js';
import { recomputedStages } from './recomputed.js';
import { StageWalk } from './stage-walk.js';
import { isTagged, tagRun, untagged } from './tags.js';
import { directNeeds } from './upstream.js';
import { defaultBudget, runUnit } from './units.js';

/**
 * Runs the pipeline that a definition describes.
 *
 * @param definition YAML as bytes or text, or the parsed document
 * @throws ApplicationFailure whose type is an `ErrorCode`; the message names the stage and the reason
 */
export async function pipeline(
  definition: Definition,
  options: PipelineOptions = {},
): Promise<PipelineResult> {
  const progress = new PipelineProgress();
  setHandler(pipelineStatus, () => progress.current);
  setHandler(stageProgress, (status) => progress.replace(status));
  const control = new PipelineControl(progress);
  control.listen();
  try {
    const { params, cache = true, recompute } = checkedOptions(options);
    const compiled = await once('compile', progress, () => light.compileDefinition(definition, params));
    const plan = unpackPlan(compiled.plan);
    const { definition: text, storedPlan = plan } = compiled;
    progress.planned(plan);
    const tagsOf = isTagged(plan) ? await tagRun(plan) : untagged;
    const recomputed = recomputedStages(plan, recompute);
    if (control.gate.current !== undefined) await control.gate.passed();
    const dataset = await once('data set', progress, () =>
      light.resolveDataset(plan.dataset, plan.seed, networksOf(plan), realImagesPerClass(plan.stages)),
    );
    const imported =
      plan.imports === undefined
        ? {}
        : await once('results of other runs', progress, () =>
            light.resolveImports({ plan: withImportsOnly(plan), dataset }),
          );
    progress.imported(imported);
    const taken = Object.values(imported).map(({ stage }) => stage);
    const perClass = realImagesPerClass(plan.stages, taken);
    const { workflowId, runId, startTime } = workflowInfo();
    const walk = new StageWalk(
      plan,
      {
        source: { plan: storedPlan, definition: text, workflowId, runId, startedAt: startTime.toISOString() },
        run: { seed: plan.seed, dataset: withPerClass(dataset, perClass), network: plan.network },
        cache,
      },
      { imported, recomputed, tagsOf },
      progress,
      control,
    );
    const result = await walk.run();
    progress.finish('finished');
    return result;
  } catch (error) {
    if (error instanceof GoOnInNewRun) return continueAsNew<typeof pipeline>(definition, options);
    rethrowFaults(error);
    if (isCancellation(error)) {
      progress.finish('cancelled');
      await control.settled();
      throw error;
    }
    const { code, message } = judge(error);
    progress.finish('failed', message);
    throw finalFailure(code, message);
  }
}

/** Every network that the plan trains, once. */
function networksOf({ network, stages }: Plan): NetworkSpec[] {
  const all = [network, ...stages.flatMap((stage) => (stage.uses === 'evaluate' ? stage.with.networks : []))];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** With the stages that experts of other runs must suit, and no others: it is a message, of which the size is limited. */
function withImportsOnly(plan: Plan): Plan {
  const imported = new Set(plan.imports?.map(({ id }) => id));
  return {
    ...plan,
    stages: plan.stages.filter((stage) => directNeeds(stage).some((id) => imported.has(id))),
  };
}

async function once<T>(what: string, progress: PipelineProgress, attempt: () => Promise<T>): Promise<T> {
  const result = await runUnit(what, attempt, defaultBudget, (_, reason) =>
    progress.repeat(`${what}: ${reason}`),
  );
  progress.repeat(undefined);
  return result;
}
