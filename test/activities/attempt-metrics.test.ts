/**
 * @file What an attempt at a compute task tells the metrics.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricMeter } from '@temporalio/common';
import { AttemptMetrics } from '../../activities/attempt-metrics.js';
import { histogramBuckets, metricDescriptions } from '../../activities/metric-names.js';
import { usedMemory } from '../../compute/gpu-memory.js';
import type { UnitProgress } from '../../definition/stages.js';

type Tags = Readonly<Record<string, unknown>>;

/** Writes down what it is told. */
class RecordingMeter implements MetricMeter {
  readonly told: [string, number, Tags][] = [];

  private readonly taking =
    (name: string) =>
    (value: number, tags: Tags = {}) => {
      this.told.push([name, value, tags]);
    };

  createCounter(name: string) {
    const counter = { name, kind: 'counter', valueType: 'int', add: this.taking(name) } as const;
    return { ...counter, withTags: () => this.createCounter(name) };
  }
  createHistogram(name: string): ReturnType<MetricMeter['createHistogram']> {
    const histogram = { name, kind: 'histogram', valueType: 'float', record: this.taking(name) } as const;
    return { ...histogram, withTags: () => this.createHistogram(name) };
  }
  createGauge(name: string): ReturnType<MetricMeter['createGauge']> {
    const gauge = { name, kind: 'gauge', valueType: 'float', set: this.taking(name) } as const;
    return { ...gauge, withTags: () => this.createGauge(name) };
  }
  withTags(): MetricMeter {
    return this;
  }
  of(name: string): number[] {
    return this.told.filter(([one]) => one === name).map(([, value]) => value);
  }
}

function scene(task: 'distillChunk' | 'trainExpert' = 'distillChunk') {
  const meter = new RecordingMeter();
  const clock = { ms: 0 };
  const attempt = new AttemptMetrics(meter, task, 'fmnist/distill', () => clock.ms);
  const at = (seconds: number, action: () => void) => {
    clock.ms = seconds * 1000;
    action();
  };
  const progress = (done: number, metrics: UnitProgress['metrics'] = {}): UnitProgress => ({
    ...{ unit: 'iterations', done, total: 100, rate: 2.5, metrics, worker: 'w' },
  });
  return { meter, attempt, at, progress };
}

describe('attempt metrics', () => {
  it('count steps from the first report on, and know speed, loss and rate', () => {
    const { meter, attempt, progress } = scene();
    attempt.progress(progress(40, { loss: 0.9, learnedRate: 0.01 }));
    attempt.progress(progress(43, { loss: 0.8, learnedRate: 0.02 }));
    attempt.ended('finished', 7);
    assert.deepEqual(meter.of('distillery_iterations'), [3]);
    assert.deepEqual(meter.of('distillery_iterations_per_second'), [2.5, 2.5, 0]);
    assert.deepEqual(meter.of('distillery_matching_loss'), [0.9, 0.8]);
    assert.deepEqual(meter.of('distillery_learned_rate'), [0.01, 0.02]);
    assert.deepEqual(meter.of('distillery_task_seconds'), [7]);
    assert.deepEqual(meter.told.find(([name]) => name === 'distillery_matching_loss')?.[2], {
      workflow: 'fmnist/distill',
    });
    assert.deepEqual(meter.of('distillery_lost_seconds'), []);
  });

  it('lose what was computed since the last checkpoint, and not the time of loading', () => {
    const { meter, attempt, at, progress } = scene();
    at(20, () => attempt.progress(progress(1)));
    at(30, () => attempt.checkpoint({ bytes: 1000, seconds: 2 }));
    at(33, () => assert.equal(attempt.unsavedSeconds, 5, 'since the state that was written'));
    at(34, () => attempt.ended('failed', 34));
    assert.deepEqual(meter.of('distillery_lost_seconds'), [6]);
    assert.deepEqual(meter.of('distillery_checkpoint_bytes'), [1000]);
    assert.deepEqual(meter.of('distillery_checkpoint_seconds'), [2]);
    const none = scene();
    none.at(50, () => none.attempt.ended('stopped', 50));
    assert.deepEqual(none.meter.of('distillery_lost_seconds'), []);
  });

  it('take no loss of a training for one of a distillation, and no number that is none', () => {
    const { meter, attempt, progress } = scene('trainExpert');
    attempt.progress(progress(1, { loss: 2 }));
    assert.deepEqual(meter.of('distillery_matching_loss'), []);
    const bad = scene();
    bad.attempt.progress(bad.progress(1, { loss: Number.NaN }));
    assert.deepEqual(bad.meter.of('distillery_matching_loss'), []);
  });

  it('have buckets for every histogram', () => {
    const histograms = Object.entries(metricDescriptions).filter(([, { kind }]) => kind === 'histogram');
    assert.deepEqual(
      Object.keys(histogramBuckets()),
      histograms.map(([name]) => name),
    );
  });

  it('read what the driver says of a GPU', () => {
    assert.equal(usedMemory('1234\n'), 1234 * 2 ** 20);
    assert.equal(usedMemory('[N/A]\n'), undefined);
    assert.equal(usedMemory(''), undefined);
  });
});
