/**
 * @file Settings that the engine reads from its environment as it loads. They must be set before the process
 * starts: the allocator reads its own before the first line of JavaScript runs.
 */

/** Names the CUDA device that a process was given: it must not go on without one on the CPU, unnoticed. */
export const deviceVariable = 'DISTILLERY_DEVICE';

/**
 * Environment variables for a process that computes, to be laid over its parent's.
 *
 * @param threads - Threads one operation may use; results are the same for any number, times are not.
 */
export function engineEnvironment(threads: number): Record<string, string> {
  return {
    // Off by default on many CPUs; convolutions are a quarter faster with it.
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
    // Keep freed activations instead of giving them back to the kernel, which would zero them again on the
    // next step; nearly halves the time of a step.
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: '100000000000',
    // On a GPU, take memory as it is needed, so that several processes can share the device.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  };
}
