/**
 * @file The activities of distillery, for workers that are put together by hand. Most use
 * `DistilleryPlugin`.
 */
import { createComputeActivities, type ComputeDependencies } from './compute.js';
import type { Activities } from './contract.js';
import { createLightActivities, type LightDependencies } from './light.js';

export { createComputeActivities, createLightActivities };
export type { ComputeDependencies, TaskEvent, TaskRunner } from './compute.js';
export type { LightDependencies } from './light.js';
export type { Activities, ComputeActivities, LightActivities } from './contract.js';

/** All activities, for a worker that serves both queues. */
export function createActivities(dependencies: LightDependencies & ComputeDependencies): Activities {
  return { ...createLightActivities(dependencies), ...createComputeActivities(dependencies) };
}
