/**
 * @file What a kind of fault is: whom it strikes, how long it lasts, and how it is done.
 */
import type { ProxiedRequest } from '../../support/fault-proxy.js';
import type { World } from '../world.js';

export const computeWorkers = ['compute-1', 'compute-2'] as const;
export const allWorkers = [...computeWorkers, 'pipeline'] as const;
export type WorkerName = (typeof allWorkers)[number];
export type Target = WorkerName | 'all workers' | 'temporal' | 'store';

/** A worker's request to the store that will have to be made again. */
export interface SpoiledRequest {
  readonly worker: WorkerName;
  readonly request: ProxiedRequest;
}

/** A fault of the schedule; everything about it is drawn from the seed. */
export interface PlannedFault {
  /** From 1. */
  readonly number: number;
  readonly kind: string;
  readonly target: Target;
  /** One of the kind's ways. */
  readonly way: string;
  /** Signs of progress to wait for since the fault before, then seconds. */
  readonly afterSigns: number;
  readonly afterSeconds: number;
  readonly lastsSeconds: number;
}

export interface FaultKind {
  readonly kind: string;
  /** One is drawn for each fault. */
  readonly targets: readonly Target[];
  /** Ways to do it; one is drawn. Default: only one. */
  readonly ways?: readonly string[];
  /** Shortest and longest, in seconds. Default: over at once. */
  readonly lasts?: readonly [number, number];
  /** Whether what the target was computing has to be started again. Default false. */
  readonly interrupts?: boolean;
  /**
   * Does it, and resolves when it is over.
   *
   * @param bites to be called at the moment at which it takes effect; a fault that finds nothing to spoil
   *   does not bite, and does not count
   */
  strike(world: World, fault: PlannedFault, bites: (spoiled?: SpoiledRequest) => void): Promise<void>;
}

/** Narrows the target of a fault whose kind strikes workers only. */
export function workerOf({ kind, target }: PlannedFault): WorkerName {
  const found = allWorkers.find((name) => name === target);
  if (found === undefined) throw new Error(`${kind} strikes workers, not ${target}`);
  return found;
}
