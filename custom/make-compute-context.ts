/**
 * @file Makes the context of a stage of a user's own type that runs in the compute process.
 */
import type { NetworkPrograms } from '../distillation/network-programs.js';
import { initialiseParameters } from '../networks/initialise.js';
import { Stream } from '../random/stream.js';
import type { Device } from '../tensor/device.js';
import { makeContext, typeNumber, type ContextParts } from './make-context.js';
import type { ComputeStageContext, StageNetwork } from './stage-context.js';
import { stageEngine } from './stage-engine.js';

export interface ComputeContextParts extends ContextParts {
  readonly device: () => Promise<Device>;
  /** The steps of the run's network on that device. */
  readonly programs: () => Promise<NetworkPrograms>;
  readonly breathe: () => Promise<void>;
}

export function makeComputeContext(parts: ComputeContextParts): ComputeStageContext {
  const { stage, run, device, programs, breathe } = parts;
  const network = async (): Promise<StageNetwork> => {
    const steps = await programs();
    const own = typeNumber(stage);
    return {
      programs: steps,
      initial: (index) =>
        initialiseParameters(
          steps.network,
          (parameter) => new Stream(run.seed, 'custom-stage-network', own, index, parameter),
        ),
    };
  };
  return { ...makeContext(parts), breathe, engine: async () => stageEngine(await device(), network) };
}
