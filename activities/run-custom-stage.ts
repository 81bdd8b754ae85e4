/**
 * @file `runCustomStage`: the work of a stage whose type the owner of the worker has added.
 */
import { hostname } from 'node:os';
import * as z from 'zod';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { Stopped } from '../compute/context.js';
import type { CustomStageType } from '../custom/stage-type.js';
import { customUses, fillConfig, placeOf } from '../definition/custom-stages.js';
import type { CustomStage } from '../definition/plan.js';
import type { CustomOutput, UnitProgress } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { Attempt } from './activity.js';
import type { RunCustomStageInput, UnitLimits } from './contract.js';
import { checkOutputs } from './custom-outputs.js';
import { stageContext } from './stage-context.js';
import { StallWatch } from './stall-watch.js';

/** Work that does not end when it is told to is left alone after so long. */
const graceMilliseconds = { preempt: 1500, drop: 500, cancel: 10_000 } as const;

/**
 * @throws Stopped once the attempt has been stopped
 * @throws DistilleryError `InvalidDefinition` when this worker does not know the type or it breaks its word,
 *   `ComputeFailed` when it makes no progress
 */
export async function runCustomStage(
  store: ArtifactStore,
  types: readonly CustomStageType[],
  { signal, details }: Attempt,
  { stage, inputs, run }: RunCustomStageInput,
  { unit, stallTimeoutSeconds }: UnitLimits,
): Promise<CustomOutput> {
  const type = typeOf(stage, types);
  const settings = settingsOf(type, stage, inputs);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  const watch = new StallWatch(stallTimeoutSeconds, () =>
    stop.abort(
      new DistilleryError(
        'ComputeFailed',
        `Stage ${stage.id} made no progress for ${stallTimeoutSeconds} s; call \`progress\` as it works, or raise the stage's \`stallTimeout\`.`,
      ),
    ),
  );
  const worker = `${hostname()}/${process.pid}`;
  const report = (progress: Omit<UnitProgress, 'unit' | 'worker'>) => {
    watch.heard();
    details({ unit, worker, ...progress });
  };
  try {
    const context = stageContext({ store, stage, run, signal: stop.signal, report });
    const work = watch.watching(() => type.run(settings as never, context));
    const outputs = await unlessStopped(work, stop.signal);
    return await checkOutputs(store, type, stage.id, outputs);
  } finally {
    watch.stop();
    signal.removeEventListener('abort', onAbort);
  }
}

function typeOf({ type: name, version }: CustomStage, types: readonly CustomStageType[]): CustomStageType {
  const type = types.find((known) => known.name === name);
  if (type?.version === version) return type;
  if (type !== undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      `The run was planned with version ${version} of ${customUses(name)}; this worker has version ${type.version}. ` +
        'Give all pipeline workers the same module and start the run again.',
    );
  const known =
    types.length === 0 ? 'it knows none' : `it knows ${types.map((one) => customUses(one.name)).join(', ')}`;
  throw new DistilleryError(
    'InvalidDefinition',
    `This pipeline worker does not know the type of stage ${customUses(name)} (${known}): start every pipeline worker ` +
      'with the module that defines it, by --stages FILE or in DISTILLERY_STAGES.',
  );
}

/** The checked settings with the outputs of other stages in their places, which are checked now that they are known. */
function settingsOf(
  type: CustomStageType,
  stage: CustomStage,
  inputs: Readonly<Record<string, Reference>>,
): Record<string, unknown> {
  const settings = fillConfig(stage.with, inputs);
  for (const field of new Set(Object.keys(stage.inputs).map((name) => placeOf(name).field))) {
    const schema: z.core.$ZodType | undefined = (type.inputs.shape as z.ZodRawShape)[field];
    if (schema === undefined) continue;
    const result = z.safeParse(schema, settings[field]);
    if (result.success) settings[field] = result.data;
    else
      throw new DistilleryError(
        'InvalidDefinition',
        `Stage ${stage.id}: \`${field}\` does not take what it was given: ${result.error.issues[0]?.message ?? 'invalid'}.`,
      );
  }
  return settings;
}

/** The result; or the reason of the signal, at once when the work gives up and else after a while. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let leave: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    leave = () => {
      const reason: unknown = signal.reason;
      const grace = reason instanceof Stopped ? graceMilliseconds[reason.reason] : 0;
      timer = setTimeout(() => reject(reason instanceof Error ? reason : new Stopped('cancel')), grace);
    };
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([work, stopped]);
  } catch (error) {
    // Whatever the work made of being stopped, the reason is ours.
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    if (leave !== undefined) signal.removeEventListener('abort', leave);
  }
}
