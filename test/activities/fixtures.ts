/**
 * @file Stored experts and a stored data set for tests of activities.
 */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expertKey } from '../../artifacts/layout.js';
import type { Reference } from '../../artifacts/reference.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { Trajectory } from '../../artifacts/trajectory.js';
import type { RunContext } from '../../activities/contract.js';
import type { DatasetManifest } from '../../datasets/dataset.js';
import { network } from '../workflows/plans.js';

export const run: RunContext = {
  seed: 1,
  dataset: { manifest: referenceTo('datasets/pretend.json'), holdout: 100, seed: 1 },
  network,
};

/** An activity's surroundings; warnings of activities that are meant to fail are not shown. */
export function surroundings(): MockActivityEnvironment {
  return new MockActivityEnvironment(
    {
      taskQueue: 'distillery',
      workflowExecution: { workflowId: 'fmnist/experts', runId: 'run-1' },
      scheduledTimestampMs: Date.now(),
    },
    { logger: new DefaultLogger('ERROR') },
  );
}

/** Runs an activity, keeping the types of its input and result. */
export function perform<A extends unknown[], R>(
  environment: MockActivityEnvironment,
  activity: (...args: A) => Promise<R>,
  ...args: A
): Promise<R> {
  return environment.run<A, R, (...args: A) => Promise<R>>(activity, ...args);
}

export function referenceTo(key: string, digit = '0'): Reference {
  return { key, sha256: digit.repeat(64), bytes: 1, mediaType: 'application/json' };
}

/** An expert of two epochs without parameters to speak of. */
export async function putExpert(
  store: ArtifactStore,
  index: number,
  testAccuracy: readonly number[],
): Promise<Reference> {
  const epochs = testAccuracy.map((_, epoch) => ({
    epoch,
    range: { offset: 4 * epoch, length: 4, sha256: '0'.repeat(64) },
  }));
  const trajectory: Trajectory = {
    kind: 'trajectory',
    index,
    seed: 1,
    network,
    parameters: [{ name: 'classifier.bias', shape: [1] }],
    parameterCount: 1,
    epochs: testAccuracy.length - 1,
    shards: [{ object: await store.putBlob(Uint8Array.of(index), 'text/plain'), epochs }],
    testAccuracy,
    trainLoss: testAccuracy.slice(1).map(() => 1),
  };
  return (await store.putManifest(expertKey(`e${index}`), trajectory)).reference;
}

export function datasetManifest(trainImages: number): DatasetManifest {
  return {
    name: 'pretend',
    shape: { channels: 1, height: 28, width: 28 },
    classes: 10,
    classNames: [],
    mean: [0.5],
    std: [0.5],
    flip: true,
    train: { count: trainImages, shards: [] },
    test: { count: 10, shards: [] },
  };
}
