/**
 * @file `computeStage`: the work of a stage of a user's own type that runs in the compute process.
 */
import { makeComputeContext } from '../../custom/make-compute-context.js';
import { checkOutputs } from '../../custom/outputs.js';
import { settingsOf, typeOf } from '../../custom/settings.js';
import { thrownByStage } from '../../custom/stage-failure.js';
import { loadStageModules, stagesVariable } from '../../custom/stage-modules.js';
import type { CustomStageType } from '../../custom/stage-type.js';
import { getDatasetManifest } from '../../datasets/load.js';
import { customUses } from '../../definition/custom-stages.js';
import { mayStop, Stopped, type TaskContext } from '../context.js';
import type { ComputeStageInput, ComputeStageResult } from '../protocol.js';
import { networkPrograms } from '../warm.js';

let types: Promise<readonly CustomStageType[]> | undefined;

/** The types that this process has been given; other tasks never load them. */
function knownTypes(): Promise<readonly CustomStageType[]> {
  types ??= loadStageModules([], process.env[stagesVariable]).catch((error: unknown) => {
    types = undefined;
    throw error;
  });
  return types;
}

/**
 * Begins anew whenever it is called: it has no checkpoints.
 *
 * @throws DistilleryError `InvalidDefinition` when this process does not know the type or it breaks its word
 * @throws StageFailure what the function of the stage has thrown
 */
export async function computeStage(
  { stage, inputs, run }: ComputeStageInput,
  context: TaskContext,
): Promise<ComputeStageResult> {
  const { store, device } = context;
  const type = typeOf(stage, await knownTypes(), 'compute');
  const settings = settingsOf(type, stage, inputs);
  const unit = customUses(type.name);
  context.report({ unit, done: 0, total: 1, metrics: {} });
  const given = makeComputeContext({
    store,
    stage,
    run,
    signal: context.stopping,
    report: (progress) => context.report({ unit, ...progress }),
    device: () => Promise.resolve(device),
    programs: async () =>
      networkPrograms(context, run.network, await getDatasetManifest(store, run.dataset.manifest)),
    breathe: () => mayStop(context),
  });
  let made: unknown;
  try {
    made = await type.run(settings as never, given as never);
  } catch (error) {
    const reason = context.stopRequested();
    // Whatever the work made of being stopped, the reason is ours.
    throw reason === undefined ? thrownByStage(error) : new Stopped(reason);
  }
  return { output: await checkOutputs(store, type, stage.id, made), engine: device.info };
}
