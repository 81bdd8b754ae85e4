/**
 * @file The task queues. Workflows and light activities share the queue a pipeline was started on; compute
 * has one of its own, so that only machines with a device take it.
 */

/** Where `distillery worker --queue pipeline` listens and pipelines are started by default. */
export const PIPELINE_QUEUE = 'distillery';

/** Where `distillery worker --queue compute` listens. */
export const COMPUTE_QUEUE = 'distillery-gpu';
