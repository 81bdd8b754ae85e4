/**
 * @file Definitions of very large pipelines, and of one of which there are very many.
 */
const head = `
name: scale
dataset: { source: fashion-mnist, limit: 20000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
`;

function numbers(count: number): string {
  return `[${Array.from({ length: count }, (_, index) => index + 1).join(', ')}]`;
}

/** Distillations over two axes, `ipc` and `N`, each evaluated twice, and a report over all. */
export function matrixOf(ipcs: number, steps: number): string {
  return `${head}
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    matrix: { ipc: ${numbers(ipcs)}, N: ${numbers(steps)} }
    maxParallel: 50
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ matrix.ipc }}
      iterations: 100
      method: { synSteps: '\${{ matrix.N }}', expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
      selection: { every: 100 }
  evaluate:
    uses: evaluate
    matrix: distill
    maxParallel: 50
    with: { dataset: '\${{ stages.distill.result }}', runs: 2, baselines: [] }
  report: { uses: report }
`;
}

/** So many stages one after the other and beside each other, and a report over all. */
export function manyStages(count: number): string {
  const stages = Array.from({ length: count - 1 }, (_, index) => {
    const needs = index < 10 ? '' : `, needs: [s${index - 10}]`;
    return `  s${index}: { uses: train-experts${needs}, with: { count: 2, epochs: ${index + 1} } }\n`;
  });
  return `${head}${stages.join('')}  report: { uses: report }\n`;
}

/** A whole pipeline that is like no other of its kind: what it computes is known by `epochs`, from 10 on. */
export function small(epochs: number): string {
  return `${head}
  experts: { uses: train-experts, with: { count: 2, epochs: ${epochs} } }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: 1
      iterations: 200
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
      selection: { every: 100 }
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.distill.result }}', runs: 2, baselines: [] } }
  report: { uses: report }
`;
}
