/**
 * @file What the fuzzer starts from: every pipeline, and definitions that use all of the language.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../setup/package-root.js';
import { example } from '../examples.js';

const language = `name: language
description: Everything that can be written.
params:
  ipc: { type: integer, default: 10, minimum: 1, maximum: 50 }
  rate: { type: number, default: 0.01, maximum: 1 }
  start: { type: string, default: real, enum: [real, noise] }
  quick: { type: boolean, default: false }
seed: \${{ 7 * 3 % 5 + 1 }}
dataset: { source: fashion-mnist, holdout: '\${{ if(params.quick, 500, 5000) }}' }
network: &net { architecture: ConvNet, depth: 2, width: 16, norm: group }
stages:
  experts:
    uses: train-experts
    with: &training
      count: \${{ max(2, floor(params.ipc / 4)) }}
      epochs: 10
      lr: \${{ params.rate }}
      augmentation: [crop, flip]
      keepEpochs: { every: 2 }
    retry: { failures: 1, preemptions: 5, backoff: 10s }
    timeout: 2h
  more-experts:
    uses: train-experts
    with: { <<: *training, precision: fp16-delta, momentum: 0.5 }
    onFailure: continue
  distill:
    uses: distill
    with:
      trajectories: \${{ if(params.quick, stages.experts.trajectories, stages.more-experts.trajectories) }}
      ipc: \${{ params.ipc }}
      iterations: \${{ pow(2, 5) * 10 }}
      init: \${{ params.start }}
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5, labels: learned, lrLabels: 1 }
      selection: { every: 100, runs: 2, epochs: 30 }
    chunk: { iterations: 20 }
  kernel:
    uses: distill
    onFailure: continue
    when: \${{ default(stages.experts.accuracy, 0) < if(params.quick, 0.5, 0.9) }}
    with: { method: { name: kip, depth: 2, labels: learned, lrLabels: 1 }, ipc: 5, iterations: 100, init: '\${{ stages.coreset.result }}' }
  coreset:
    uses: select
    with: { method: { name: herding }, trajectories: '\${{ stages.experts.trajectories }}', ipc: 5 }
  evaluate:
    uses: evaluate
    needs: [more-experts]
    when: \${{ stages.distill.accuracy > 0.1 * params.rate && !params.quick }}
    resources: { taskQueue: big, memory: 8GiB, gpu: 1 }
    priority: 2
    with:
      dataset: \${{ stages.distill.result }}
      networks: [*net, MLP, { architecture: ResNet18, norm: batch }, { architecture: custom, name: mine, options: { a: 1 } }]
      lr: learned
      baselines: []
  evaluate-coreset:
    uses: evaluate
    with: { dataset: '\${{ stages.coreset.result }}', networks: cross-architecture, lr: 0.5, baselines: [random, full], full: { runs: 2, retrain: true } }
  report:
    uses: report
    with: { title: "Fashion-MNIST, \${{ join('/', params.ipc, params.start) }} per class" }
`;

const matrix = `name: matrix
params:
  most: { type: integer, default: 10 }
dataset: fashion-mnist
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 8 } }
  distill:
    uses: distill
    matrix:
      ipc: [1, 5, '\${{ params.most }}']
      init: [real, noise]
      include: [{ ipc: 2, init: real }]
      exclude: [{ ipc: 5, init: noise }]
    maxParallel: 2
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ matrix.ipc }}
      init: \${{ matrix.init }}
      iterations: \${{ if(matrix.ipc < 5, 50, 100) }}
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
  evaluate:
    uses: evaluate
    matrix: distill
    with: { dataset: '\${{ stages.distill.result }}', runs: 2 }
  report:
    uses: report
    with: { title: 'Up to \${{ params.most }} per class' }
`;

const including = `name: including
include: fragment.yaml
dataset: fashion-mnist
stages:
  images: { uses: distill, from: other-run/distill }
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.images.result }}', runs: 2 } }
`;

/** What `fragment.yaml` holds where nothing has changed it. */
export const fragment = `seed: 3
network: { architecture: MLP }
stages:
  evaluate: { with: { epochs: 20, runs: 9 } }
`;

export interface CorpusEntry {
  readonly name: string;
  readonly text: string;
}

function filesBelow(folder: string): CorpusEntry[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

export function readCorpus(): CorpusEntry[] {
  return [
    ...filesBelow(join(packageRoot(), 'pipelines')),
    { name: 'example', text: example },
    { name: 'language', text: language },
    { name: 'including', text: including },
    { name: 'matrix', text: matrix },
  ];
}
