/**
 * @file The small task of the campaign: every stage with real numerics, in some tens of seconds.
 */
import { importDataset } from '../../datasets/import.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { bandImages } from '../support/images.js';
import { writeIdxFolder } from '../support/idx.js';

const shape = { channels: 1, height: 16, width: 16 };
const classes = 4;

/** A worker that is silent for so long counts as lost. */
export const heartbeatSeconds = 10;

/**
 * Stores the images under a name. Each run has its own name, which is part of what identifies every result
 * and of no number: so all runs of a seed compute everything anew, to the same bytes.
 *
 * @param folder for the files that are imported
 */
export async function importImages(store: ArtifactStore, folder: string, name: string): Promise<void> {
  await writeIdxFolder(folder, bandImages(1200, classes, shape, 1), bandImages(200, classes, shape, 2));
  await importDataset(store, folder, { name, flip: false });
}

/** @param work how much of it there is: 1 for a short test */
export function definitionOf(dataset: string, seed: number, work: number): object {
  // Children are killed on purpose, so the work has more patience than usual, and waits less.
  const patient = { retry: { failures: 30, backoff: '1s' }, heartbeatTimeout: `${heartbeatSeconds}s` };
  return {
    name: 'campaign',
    seed,
    dataset: { source: dataset, limit: 1000, holdout: 200 },
    network: { architecture: 'ConvNet', depth: 2, width: 12 },
    stages: {
      experts: {
        uses: 'train-experts',
        with: { count: 3, epochs: 4 * work, batchSize: 32 },
        maxParallel: 2,
        ...patient,
      },
      distill: {
        uses: 'distill',
        with: {
          trajectories: '${{ stages.experts.trajectories }}',
          ipc: 2,
          iterations: 40 * work,
          method: {
            synSteps: 4,
            expertEpochs: 1,
            maxStartEpoch: 3,
            lrImg: 100,
            lrLr: 1e-5,
            lrInit: 0.02,
          },
          selection: { every: 20 * work, runs: 2, epochs: 20 },
        },
        chunk: { iterations: 10 },
        ...patient,
      },
      evaluate: {
        uses: 'evaluate',
        with: { dataset: '${{ stages.distill.result }}', runs: 2, epochs: 30 },
        ...patient,
      },
      report: { uses: 'report', ...patient },
    },
  };
}
