/**
 * @file A whole small experiment: ours as a pipeline through Temporal and S3, beside one Python process that does
 * the same with PyTorch as the published code goes about it.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerProcess } from '../../cli/services/worker-process.js';
import { connectTemporal } from '../../cli/temporal/connect.js';
import { startPipeline } from '../../cli/temporal/start.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded } from '../../servers/embedded.js';
import type { Say } from '../../setup/say.js';
import { peakBytesOf, Side } from './side.js';
import { experimentScript, torchEnvironment, type TorchPython } from './torch.js';

/** Sizes of an experiment on Fashion-MNIST, as both sides are told. */
export interface ExperimentSettings {
  readonly images: number;
  readonly width: number;
  readonly experts: number;
  readonly epochs: number;
  readonly ipc: number;
  readonly synSteps: number;
  readonly expertEpochs: number;
  readonly maxStartEpoch: number;
  readonly iterations: number;
  readonly networks: number;
  readonly evaluationEpochs: number;
}

export const experiments: Readonly<Record<'full' | 'small', ExperimentSettings>> = {
  full: {
    images: 20_000,
    width: 32,
    experts: 3,
    epochs: 8,
    ipc: 10,
    synSteps: 10,
    expertEpochs: 2,
    maxStartEpoch: 4,
    iterations: 200,
    networks: 3,
    evaluationEpochs: 300,
  },
  small: {
    images: 2560,
    width: 32,
    experts: 2,
    epochs: 3,
    ipc: 1,
    synSteps: 10,
    expertEpochs: 2,
    maxStartEpoch: 1,
    iterations: 10,
    networks: 2,
    evaluationEpochs: 30,
  },
};

export interface ExperimentResult {
  /** From the start of the workflow, with idle workers, to its result; or of the whole Python process. */
  readonly seconds: number;
  /** Of the process that computes. */
  readonly peakBytes?: number;
}

/** The experiment as a definition. The last iteration is the only candidate, since the script chooses nothing. */
export function experimentDefinition(settings: ExperimentSettings): string {
  const { images, width, experts, epochs, ipc, synSteps, expertEpochs } = settings;
  const { maxStartEpoch, iterations, networks, evaluationEpochs } = settings;
  return `name: bench-experiment
seed: 1
dataset: { source: fashion-mnist, limit: ${images}, holdout: 10 }
network: { architecture: ConvNet, depth: 3, width: ${width} }
stages:
  experts:
    uses: train-experts
    with: { count: ${experts}, epochs: ${epochs}, lr: 0.01, batchSize: 256, augmentation: dsa }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: ${ipc}
      iterations: ${iterations}
      method:
        name: mtt
        synSteps: ${synSteps}
        expertEpochs: ${expertEpochs}
        maxStartEpoch: ${maxStartEpoch}
        lrImg: 1000
        lrLr: 1.0e-5
        lrInit: 0.02
      selection: { every: ${iterations}, runs: 1, epochs: 1 }
  evaluate:
    uses: evaluate
    with:
      dataset: \${{ stages.distill.result }}
      networks: [ConvNet]
      runs: ${networks}
      epochs: ${evaluationEpochs}
      baselines: []
`;
}

/** Ours: servers of its own that go afterwards, two worker processes, one compute slot. */
export async function runOurExperiment(
  settings: ExperimentSettings,
  threads: number,
  say: Say,
): Promise<ExperimentResult> {
  const servers = await startEmbedded({ ephemeral: true });
  const environment = { ...process.env, ...connectionEnvironment(servers) };
  let worker: number | undefined;
  const workers = (['pipeline', 'compute'] as const).map(
    (queue) =>
      new WorkerProcess({
        queue,
        environment,
        ...(queue === 'compute' && { args: ['--threads', String(threads)] }),
        event: (source, line) => say(`${source}: ${line}`),
        onEvent: () => undefined,
        onStart: (pid) => {
          if (queue === 'compute') worker = pid;
        },
      }),
  );
  let peakBytes: number | undefined;
  const watch = setInterval(() => (peakBytes = peakOfChildren(worker) ?? peakBytes), 500);
  try {
    await Promise.all(workers.map((process) => process.start()));
    const temporal = await connectTemporal(environment);
    try {
      const start = performance.now();
      const definition = new TextEncoder().encode(experimentDefinition(settings));
      await startPipeline(temporal.client, 'bench-experiment', definition, {});
      await temporal.client.workflow.getHandle('bench-experiment').result();
      const seconds = (performance.now() - start) / 1000;
      return { seconds, ...(peakBytes !== undefined && { peakBytes }) };
    } finally {
      await temporal.close();
    }
  } finally {
    clearInterval(watch);
    await Promise.all(workers.map((process) => process.stop()));
    await servers.stop();
  }
}

/** Theirs: one process, its start included. */
export async function runTorchExperiment(
  settings: ExperimentSettings,
  python: TorchPython,
  data: string,
  options: { readonly threads: number; readonly device: string },
): Promise<ExperimentResult & { readonly stages: Readonly<Record<string, number>> }> {
  const folder = mkdtempSync(join(tmpdir(), 'distillery-bench-'));
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  const start = performance.now();
  const side = new Side(
    'PyTorch',
    python.interpreter,
    [experimentScript(), file, data, String(options.threads), options.device],
    { ...torchEnvironment(options.threads), ...python.environment },
  );
  try {
    const { stages } = await side.answer<{ stages: Record<string, number> }>();
    const seconds = (performance.now() - start) / 1000;
    const peakBytes = side.peakBytes();
    return { seconds, stages, ...(peakBytes !== undefined && { peakBytes }) };
  } finally {
    await side.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The most that a child of the process has had resident; undefined where there is no /proc. */
function peakOfChildren(parent: number | undefined): number | undefined {
  if (parent === undefined || process.platform !== 'linux') return undefined;
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map((name) => peakBytesOf(Number(name)) ?? 0);
  return peaks.length > 0 ? Math.max(...peaks) : undefined;
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
