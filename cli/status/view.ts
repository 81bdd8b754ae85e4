/**
 * @file A run as the command shows it: the pipeline's own status joined with what its activities say.
 */
import type { PipelineStatus, StageStatus, UnitProgress } from '../../definition/stages.js';

export interface StageView extends StageStatus {
  /** Units of work running now, from their heartbeats; `done` counts inside the unit. */
  readonly units: readonly UnitProgress[];
  /** In [0,1], with the started part of running units. */
  readonly fraction: number;
  /** Units of `done` per second, once known. */
  readonly rate?: number;
  /** Seconds until the stage is finished, once known. */
  readonly etaSeconds?: number;
}

export interface RunView extends Omit<PipelineStatus, 'stages'> {
  readonly stages: readonly StageView[];
  /** When the workflow closed, once it has. */
  readonly finishedAt?: string;
  /** Why the picture is incomplete, for example that no worker answers. */
  readonly note?: string;
}

/** What only the observer knows: how the fraction moved so far. */
export type EtaOf = (stage: StageStatus, fraction: number) => number | undefined;

/** Joins the status of a stage with the heartbeats of its running activities. */
export function viewStage(status: StageStatus, units: readonly UnitProgress[], etaOf: EtaOf): StageView {
  const running = status.state === 'running';
  const done = running ? doneWithUnits(status, units) : status.done;
  const fraction = fractionOf(status, done);
  const rate = running ? rateOf(status, units) : undefined;
  const etaSeconds = running ? etaOf(status, fraction) : undefined;
  // A distillation counts iterations, so what the running chunk has done is done; an expert that has half
  // of its epochs is not half an expert to anyone who counts experts.
  const counted = status.type === 'distill' ? Math.floor(done) : status.done;
  return {
    ...status,
    done: counted,
    metrics: { ...status.metrics, ...metricsOf(status, units) },
    units,
    fraction,
    ...(rate === undefined ? {} : { rate }),
    ...(etaSeconds === undefined ? {} : { etaSeconds }),
  };
}

/** Units that count the same thing as the stage; a distillation's candidates are evaluated beside them. */
function iterating(status: StageStatus, unit: UnitProgress): boolean {
  return status.type === 'distill' && unit.unit.startsWith('iteration');
}

function doneWithUnits(status: StageStatus, units: readonly UnitProgress[]): number {
  let done = status.done;
  for (const unit of units) {
    if (unit.total <= 0) continue;
    if (status.type !== 'distill') done += Math.min(1, unit.done / unit.total);
    // A chunk may count from its own start or from that of the whole distillation.
    else if (iterating(status, unit))
      done = Math.max(done, unit.total === status.total ? unit.done : status.done + unit.done);
  }
  return Math.min(done, status.total);
}

function fractionOf(status: StageStatus, done: number): number {
  if (status.state === 'finished' || status.state === 'cached') return 1;
  return status.total > 0 ? Math.min(1, done / status.total) : 0;
}

function rateOf(status: StageStatus, units: readonly UnitProgress[]): number | undefined {
  if (status.type !== 'distill') return undefined;
  const now = units.find((unit) => iterating(status, unit) && unit.rate !== undefined)?.rate;
  const seconds = status.metrics['secondsPerIteration'] ?? 0;
  return now ?? (seconds > 0 ? 1 / seconds : undefined);
}

/** The newest metrics: those of the iterations, or of the unit that is furthest. */
function metricsOf(status: StageStatus, units: readonly UnitProgress[]): Readonly<Record<string, number>> {
  const candidates = status.type === 'distill' ? units.filter((unit) => iterating(status, unit)) : [...units];
  const furthest = candidates
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.done / b.total - a.done / a.total)[0];
  return furthest?.metrics ?? {};
}
