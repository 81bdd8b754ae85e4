/**
 * @file Checks that look at several values of a plan at once: batches not larger than what they are drawn from,
 * a data set large enough for its split.
 */
import { knownDataset, type KnownDataset } from './builtin-datasets.js';
import { checkMethod } from './consistency-mtt.js';
import { imageSizeProblem } from './image-sizes.js';
import { type Issues, type Path, shown } from './issues.js';
import { maximumCandidateRuns, maximumCandidates } from './limits.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { DistillStage, EvaluateStage, Plan, TrainExpertsStage } from './plan.js';

export function checkConsistency(plan: Plan, issues: Issues): void {
  const known = knownDataset(plan.dataset.source);
  if (known) checkSplit(plan, known, issues);
  checkNetwork(plan.network, ['network'], known, issues);
  for (const stage of plan.stages) {
    if (stage.uses === 'distill') checkDistill(plan, stage, known, issues);
    else if (stage.uses === 'evaluate') checkNetworks(stage, plan.network, known, issues);
  }
}

function checkSplit({ dataset }: Plan, known: KnownDataset, issues: Issues): void {
  const { source, holdout, limit } = dataset;
  const rest = known.trainImages - holdout;
  const has = `${shown(source)} has ${known.trainImages} training images`;
  if (rest < known.classes)
    issues.add(
      'inconsistent',
      ['dataset', 'holdout'],
      `${has}; ${holdout} held out leave too few to train on`,
    );
  else if (limit !== undefined && limit > rest)
    issues.add(
      'inconsistent',
      ['dataset', 'limit'],
      `${has}; with ${holdout} held out, the limit can be at most ${rest}, found ${limit}`,
    );
}

function checkDistill(
  plan: Plan,
  stage: DistillStage,
  known: KnownDataset | undefined,
  issues: Issues,
): void {
  const { method, ipc, trajectories } = stage.with;
  const path: Path = ['stages', stage.id, 'with'];
  const experts = plan.stages.find(
    (other): other is TrainExpertsStage => other.uses === 'train-experts' && other.id === trajectories.stage,
  );
  checkMethod(method, experts, [...path, 'method'], issues);
  checkCandidates(stage, [...path, 'selection'], issues);
  if (!known) return;
  const synthetic = ipc * known.classes;
  const counted = `ipc ${ipc} x ${known.classes} classes = ${synthetic}`;
  if (method.batchSyn !== undefined && method.batchSyn > synthetic) {
    const message = `batchSyn ${method.batchSyn} is more than there are synthetic images: ${counted}`;
    issues.add('inconsistent', [...path, 'method', 'batchSyn'], message);
  }
  const real = plan.dataset.limit ?? known.trainImages - plan.dataset.holdout;
  if (synthetic > real)
    issues.add(
      'inconsistent',
      [...path, 'ipc'],
      `more synthetic images (${counted}) than real ones to distil (${real})`,
    );
}

/** All candidates with their accuracies travel in one message, of which Temporal limits the size. */
function checkCandidates(stage: DistillStage, path: Path, issues: Issues): void {
  const { iterations, selection } = stage.with;
  const { every, runs } = selection;
  const candidates = Math.ceil(iterations / every);
  const most = Math.min(maximumCandidates, Math.floor(maximumCandidateRuns / runs));
  if (candidates <= most) return;
  const message =
    `a candidate every ${every} of ${iterations} iterations makes ${candidates} candidates; ` +
    `with ${runs} runs each there can be ${most}: set every to at least ${Math.ceil(iterations / most)}`;
  issues.add('inconsistent', [...path, 'every'], message);
}

function checkNetwork(
  network: NetworkSpec,
  path: Path,
  known: KnownDataset | undefined,
  issues: Issues,
): void {
  const isConvNet = network.architecture === 'ConvNet';
  if (isConvNet && network.norm === 'group' && network.width % 4 !== 0) {
    const message = `group normalisation has 4 groups; the width must be a multiple of 4, found ${network.width}`;
    issues.add('inconsistent', [...path, 'width'], message);
  }
  const problem = known && imageSizeProblem(network, known.shape);
  if (problem !== undefined) {
    issues.add('inconsistent', [...path, isConvNet ? 'depth' : 'architecture'], problem);
  }
}

/** Results are told apart by network, so that each can be listed once only. */
function checkNetworks(
  stage: EvaluateStage,
  own: NetworkSpec,
  known: KnownDataset | undefined,
  issues: Issues,
): void {
  const seen = new Map<string, number>();
  for (const [index, network] of stage.with.networks.entries()) {
    const path: Path = ['stages', stage.id, 'with', 'networks', index];
    const key = JSON.stringify(Object.entries(network).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const before = seen.get(key);
    if (before === undefined) seen.set(key, index);
    else issues.add('inconsistent', path, `the same network as number ${before + 1} of the list`);
    if (before === undefined && network !== own) checkNetwork(network, path, known, issues);
  }
}
