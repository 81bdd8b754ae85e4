/**
 * @file What one attempt at a compute task tells the metrics.
 */
import type { MetricMeter } from '@temporalio/common';
import type { SavedCheckpoint } from '../artifacts/checkpoints.js';
import type { TaskName } from '../compute/protocol.js';
import type { UnitProgress } from '../definition/stages.js';
import { metricDescriptions, type MetricName } from './metric-names.js';

export class AttemptMetrics {
  /** When what is in memory was last the same as what is in the store. */
  #savedAt: number;
  #done: number | undefined;
  #computes = false;

  /**
   * @param workflow the stage's workflow id
   * @param clock milliseconds that never go back
   */
  constructor(
    private readonly meter: MetricMeter,
    private readonly task: TaskName,
    private readonly workflow: string,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#savedAt = clock();
  }

  /** Seconds of computing that would be lost now. */
  get unsavedSeconds(): number {
    return this.#computes ? (this.clock() - this.#savedAt) / 1000 : 0;
  }

  progress({ done, rate, metrics }: UnitProgress): void {
    const { task, workflow } = this;
    const steps = this.#done === undefined ? 0 : done - this.#done;
    this.#done = done;
    if (!this.#computes) {
      // Until the first step it has read what others made.
      this.#computes = true;
      this.#savedAt = this.clock();
    }
    if (steps > 0) this.#count('distillery_iterations', steps, { task });
    if (rate !== undefined) this.#set('distillery_iterations_per_second', rate, { task, workflow });
    if (task !== 'distillChunk') return;
    const { loss, learnedRate } = metrics;
    if (loss !== undefined) this.#set('distillery_matching_loss', loss, { workflow });
    if (learnedRate !== undefined) this.#set('distillery_learned_rate', learnedRate, { workflow });
  }

  checkpoint({ bytes, seconds }: SavedCheckpoint): void {
    const { task } = this;
    this.#savedAt = this.clock() - seconds * 1000;
    this.#record('distillery_checkpoint_seconds', seconds, { task });
    this.#record('distillery_checkpoint_bytes', bytes, { task });
  }

  memory(bytes: number, device: string): void {
    this.#set('distillery_device_memory_bytes', bytes, { device });
  }

  ended(state: 'finished' | 'stopped' | 'failed', seconds: number): void {
    const { task, workflow } = this;
    this.#count('distillery_tasks', 1, { task, state });
    this.#record('distillery_task_seconds', seconds, { task, state });
    if (this.#computes) this.#set('distillery_iterations_per_second', 0, { task, workflow });
    const lost = state === 'finished' ? 0 : Math.round(this.unsavedSeconds);
    if (lost > 0) this.#count('distillery_lost_seconds', lost, { task });
  }

  #count(name: MetricName, value: number, tags: Record<string, string>): void {
    this.meter.createCounter(name, undefined, metricDescriptions[name].description).add(value, tags);
  }

  #set(name: MetricName, value: number, tags: Record<string, string>): void {
    const { description } = metricDescriptions[name];
    if (Number.isFinite(value) && value >= 0)
      this.meter.createGauge(name, 'float', undefined, description).set(value, tags);
  }

  #record(name: MetricName, value: number, tags: Record<string, string>): void {
    const { description } = metricDescriptions[name];
    this.meter.createHistogram(name, 'float', undefined, description).record(value, tags);
  }
}
