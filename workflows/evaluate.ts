/**
 * @file The `evaluate` stage: fresh networks of every architecture, trained on the distilled or selected images
 * and on the baselines, one activity each.
 */
import type { EvaluationScores } from '../activities/contract.js';
import type { EvaluateNetworkInput, TrainingSet } from '../compute/protocol.js';
import type { EvaluateStage } from '../definition/plan.js';
import { networkName } from '../definition/network-names.js';
import type { NetworkSpec } from '../networks/spec.js';
import { finalFailure } from './failures.js';
import { inGroup } from './group.js';
import { GoOnInNewRun, historyIsLong } from './history.js';
import { light } from './proxies.js';
import { runStage, type StageWork } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { stageTotal } from './stage-total.js';
import { evaluationInputs, expertSets } from './stage-inputs.js';
import { resolveOutput } from './upstream.js';

/** Accuracy of each run by cell of the grid, null where there is none yet. */
export type EvaluationPosition = readonly (readonly (number | null)[])[];

export type EvaluateInput = StageInput<EvaluateStage, EvaluationPosition>;

type TrainingSettings = Pick<
  EvaluateNetworkInput,
  'epochs' | 'lr' | 'momentum' | 'weightDecay' | 'batchSize' | 'augmentation'
>;

/** One cell of the grid: an architecture on a training set, in some fresh networks. */
interface Cell {
  readonly trainedOn: EvaluationScores['trainedOn'];
  readonly trainingSet: TrainingSet;
  readonly network: NetworkSpec;
  readonly training: TrainingSettings;
  readonly accuracies: (number | null)[];
}

/** The cells of one training set. */
interface Column extends Pick<Cell, 'trainedOn' | 'trainingSet' | 'training'> {
  readonly networks: readonly NetworkSpec[];
  readonly runs: number;
}

/** Measures test accuracy by architecture, run and training set. */
export async function evaluate(input: EvaluateInput): Promise<StageOutcome> {
  return runStage(
    input,
    () => evaluationInputs(input.stage.with.dataset, input.upstream),
    async (stage) => {
      const cells = grid(input);
      stage.resumeFrom(() => cells.map(({ accuracies }) => accuracies));
      await fill(input, cells, stage);
      if (countMeasured(cells) < stageTotal(input.stage)) throw new GoOnInNewRun('runs are missing');
      const scores = cells.map(({ trainedOn, network, accuracies }) => ({
        trainedOn,
        network,
        accuracies: accuracies.filter(isMeasured),
      }));
      const experts = Object.values(expertSets(input.upstream));
      const summary = { scores, experts, ...(input.stage.with.full && { ofFull: true as const }) };
      return stage.unit('summary', () => light.summariseEvaluation(summary));
    },
  );
}

function grid(input: EvaluateInput): Cell[] {
  const cells = columns(input).flatMap(({ networks, ...column }) =>
    networks.map((network) => ({ ...column, network })),
  );
  return cells.map(({ runs, ...cell }, index) => {
    const earlier = input.resume?.position?.[index];
    return { ...cell, accuracies: Array.from({ length: runs }, (_, run) => earlier?.[run] ?? null) };
  });
}

/** In this order, which positions of earlier runs rely on. */
function columns(input: EvaluateInput): Column[] {
  const { with: config } = input.stage;
  const { networks, runs, full } = config;
  const found: Column[] = [
    {
      trainedOn: input.upstream[config.dataset.stage]?.stage.uses === 'select' ? 'selected' : 'distilled',
      trainingSet: { kind: 'distilled', result: resolveOutput(input.upstream, config.dataset) },
      training: settingsOf(config),
      networks,
      runs,
    },
  ];
  if (config.baselines.includes('random'))
    found.push({
      trainedOn: 'random',
      trainingSet: { kind: 'random', ipc: imagesPerClass(input) },
      training: { ...settingsOf(config), lr: config.baselineLr },
      networks,
      runs,
    });
  if (full)
    found.push({
      trainedOn: 'full',
      trainingSet: { kind: 'full' },
      training: settingsOf(full),
      networks: full.networks,
      runs: full.runs,
    });
  return found;
}

/** Of a training what the task is told, in one order. */
function settingsOf({
  epochs,
  lr,
  momentum,
  weightDecay,
  batchSize,
  augmentation,
}: TrainingSettings): TrainingSettings {
  return { epochs, lr, momentum, weightDecay, batchSize, augmentation };
}

function countMeasured(cells: readonly Cell[]): number {
  return cells.reduce((sum, { accuracies }) => sum + accuracies.filter(isMeasured).length, 0);
}

function isMeasured(accuracy: number | null): accuracy is number {
  return accuracy !== null;
}

/** A baseline has as many images as the distilled set. */
function imagesPerClass({ upstream, stage }: EvaluateInput): number {
  const { dataset } = stage.with;
  const source = upstream[dataset.stage];
  if (source?.stage.uses === 'distill' || source?.stage.uses === 'select') return source.stage.with.ipc;
  const output = source?.manifest.output;
  const images = output?.type === 'custom' ? output.images[dataset.output] : undefined;
  if (images !== undefined) return images.ipc;
  throw finalFailure(
    'InvalidDefinition',
    `stage ${stage.id}: baselines need \`dataset\` to be images of a distill, select or custom stage`,
  );
}

/** Measures what is missing; starts no more when the history grows long. */
async function fill(
  { stage: { maxParallel }, run: context }: EvaluateInput,
  cells: readonly Cell[],
  stage: StageWork<EvaluationPosition>,
): Promise<void> {
  stage.progress.at(countMeasured(cells));
  await inGroup(maxParallel, (group) => {
    for (const { network, trainedOn, trainingSet, training, accuracies } of cells) {
      for (const [run, measured] of accuracies.entries()) {
        if (measured !== null) continue;
        group.start(async () => {
          if (historyIsLong()) return;
          const what = `${networkName(network)} on ${trainedOn} run ${run}`;
          const result = await stage.compute('evaluateNetwork', what, {
            ...context,
            network,
            trainingSet,
            split: 'test',
            ...training,
            run,
          });
          accuracies[run] = result.accuracy;
          stage.ranOn(result.engine);
          stage.progress.at(countMeasured(cells), { accuracy: result.accuracy });
        });
      }
    }
    return group.drain();
  });
}
