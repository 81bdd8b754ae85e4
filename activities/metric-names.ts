/**
 * @file The metrics of distillery beside Temporal's own: their names, which dashboards and alerts rely on, and
 * what they count. Counters are exported with `_total` at the end where the exporter does so.
 */

interface MetricDescription {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly description: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const seconds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000];
const bytes = [1e4, 1e5, 1e6, 3e6, 1e7, 3e7, 1e8];

export const metricDescriptions = {
  distillery_iterations: {
    kind: 'counter',
    description: 'Iterations of distillations and steps of trainings that were done, by task',
  },
  distillery_iterations_per_second: {
    kind: 'gauge',
    description: 'Speed of the attempt under way, by task and workflow; 0 once it has ended',
  },
  distillery_matching_loss: { kind: 'gauge', description: 'Loss of the last iteration of a distillation' },
  distillery_learned_rate: { kind: 'gauge', description: 'Learned rate after the last iteration' },
  distillery_checkpoint_seconds: {
    kind: 'histogram',
    description: 'Time from the state in memory to the answer of the store, by task',
    buckets: seconds,
  },
  distillery_checkpoint_bytes: {
    kind: 'histogram',
    description: 'Size of checkpoints, by task',
    buckets: bytes,
  },
  distillery_tasks: {
    kind: 'counter',
    description: 'Attempts at compute tasks that have ended, by task and how: finished, stopped, failed',
  },
  distillery_task_seconds: {
    kind: 'histogram',
    description: 'Time of attempts, by task and how they ended',
    buckets: seconds,
  },
  distillery_lost_seconds: {
    kind: 'counter',
    description:
      'Computing that has to be done again: since the last checkpoint of attempts that did not finish',
  },
  distillery_device_memory_bytes: {
    kind: 'gauge',
    description: 'Memory held: of the compute process (device cpu), or in use on the GPU (its index or id)',
  },
  distillery_preemptions: {
    kind: 'counter',
    description: 'Attempts that ended because their worker left or was lost, by workflow type',
  },
  distillery_failures: {
    kind: 'counter',
    description: 'Attempts that ended with an error that may pass, by workflow type',
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

export type MetricName = keyof typeof metricDescriptions;

/** The buckets of the histograms, as the SDK's exporters take them. */
export function histogramBuckets(): Record<string, number[]> {
  const described: [string, MetricDescription][] = Object.entries(metricDescriptions);
  return Object.fromEntries(
    described.flatMap(([name, { buckets }]) => (buckets === undefined ? [] : [[name, [...buckets]]])),
  );
}
