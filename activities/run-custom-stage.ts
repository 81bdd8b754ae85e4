/**
 * @file `runCustomStage`: the work of a stage whose type the owner of the worker has added.
 */
import { hostname } from 'node:os';
import { Context } from '@temporalio/activity';
import type { ArtifactStore } from '../artifacts/store.js';
import { Stopped } from '../compute/context.js';
import { makeContext } from '../custom/make-context.js';
import { checkOutputs } from '../custom/outputs.js';
import { settingsOf, typeOf } from '../custom/settings.js';
import { thrownByStage } from '../custom/stage-failure.js';
import type { CustomStageType } from '../custom/stage-type.js';
import { customUses } from '../definition/custom-stages.js';
import type { CustomOutput, UnitProgress } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { Attempt } from './activity.js';
import type { RunCustomStageInput, UnitLimits } from './contract.js';
import { StallWatch } from './stall-watch.js';
import { ThreadWatch } from './thread-watch.js';

/** Work that does not end when it is told to is left alone after so long. */
const graceMilliseconds = { preempt: 1500, drop: 500, cancel: 10_000 } as const;

/** Longer than anything that a worker does at a time. */
const blockedSeconds = 2;

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
  const type = typeOf(stage, types, 'pipeline');
  if (type.runs === 'compute')
    throw new DistilleryError(
      'InvalidDefinition',
      `The run was planned when ${customUses(type.name)} ran in pipeline workers; it runs in the compute process now: ` +
        'start the run again.',
    );
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
  const thread = new ThreadWatch();
  const worker = `${hostname()}/${process.pid}`;
  const report = (progress: Omit<UnitProgress, 'unit' | 'worker'>) => {
    watch.heard();
    details({ unit, worker, ...progress });
  };
  try {
    const context = makeContext({ store, stage, run, signal: stop.signal, report });
    const work = watch.watching(() => type.run(settings as never, context as never));
    const outputs = await unlessStopped(work, stop.signal);
    return await checkOutputs(store, type, stage.id, outputs);
  } finally {
    const blocked = thread.stop();
    if (blocked > blockedSeconds)
      Context.current().log.warn(
        `Stage ${stage.id}: ${customUses(type.name)} kept the thread of its worker to itself for ${blocked.toFixed(1)} s; ` +
          'heartbeats and workflows had to wait, and after the heartbeat timeout the attempt is lost. ' +
          "Give its type `runs: 'compute'`, or let it await now and then.",
      );
    watch.stop();
    signal.removeEventListener('abort', onAbort);
  }
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
    throw signal.aborted ? signal.reason : thrownByStage(error);
  } finally {
    clearTimeout(timer);
    if (leave !== undefined) signal.removeEventListener('abort', leave);
  }
}
