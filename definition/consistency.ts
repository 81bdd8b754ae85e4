/**
 * @file Checks that look at several values of a plan at once: batches not larger than what they are drawn from,
 * a data set large enough for its split.
 */
import { hasBatchNorm } from './batch-norm.js';
import { knownDataset, type KnownDataset } from './builtin-datasets.js';
import { checkBaseline, checkDrawn, checkSplit, realImages, syntheticImages } from './consistency-dataset.js';
import { checkInit } from './consistency-init.js';
import { checkKeptEpochs, checkLearnedLabels, checkMethod, checkRate } from './consistency-mtt.js';
import { customUses, notPlain } from './custom-stages.js';
import { imageSizeProblem } from './image-sizes.js';
import type { Issues, Path } from './issues.js';
import { isLate } from './settings.js';
import {
  maximumCandidateRuns,
  maximumCandidates,
  maximumExpertParameters,
  maximumSupport,
} from './limits.js';
import { sameNetwork } from './network-names.js';
import { parameterCount, snapshotProblem } from './parameter-count.js';
import type { NetworkSpec } from '../networks/spec.js';
import type {
  CustomStage,
  DistillStage,
  EvaluateStage,
  Plan,
  SelectStage,
  TrainExpertsStage,
} from './plan.js';

/** What depends on late settings is checked once they are known. */
export function checkConsistency(
  plan: Plan,
  issues: Issues,
  known: KnownDataset | undefined = knownDataset(plan.dataset.source),
): void {
  if (known) checkSplit(plan, known, issues);
  checkNetwork(plan.network, ['network'], known, issues);
  for (const stage of plan.stages) {
    if (stage.uses === 'train-experts') {
      if (stage.late === undefined) checkKeptEpochs(stage, issues);
      checkSnapshot(plan.network, known, issues);
    } else if (stage.uses === 'distill') checkDistill(plan, stage, known, issues);
    else if (stage.uses === 'select') checkSelect(plan, stage, known, issues);
    else if (stage.uses === 'evaluate') {
      checkNetworks(stage, plan.network, known, issues);
      checkBaseline(plan, stage, known, issues);
    } else if (stage.uses === 'custom') checkSettings(stage, issues);
  }
}

/** Said once, however many stages train experts. */
function checkSnapshot(network: NetworkSpec, known: KnownDataset | undefined, issues: Issues): void {
  const parameters = known && parameterCount(network, known.shape, known.classes);
  if (parameters === undefined || parameters <= maximumExpertParameters) return;
  const path: Path = ['network', network.architecture === 'ConvNet' ? 'width' : 'architecture'];
  issues.add('inconsistent', path, `${snapshotProblem(parameters)}; use a smaller network`);
}

function checkDistill(
  plan: Plan,
  stage: DistillStage,
  known: KnownDataset | undefined,
  issues: Issues,
): void {
  const { method, ipc, trajectories } = stage.with;
  const path: Path = ['stages', stage.id, 'with'];
  if (method.name !== 'mtt') checkWithoutExperts(plan, stage, path, issues);
  else if (trajectories === undefined)
    issues.add('missing-key', [...path, 'trajectories'], '"trajectories" is missing', { part: 'key' });
  else {
    const experts = plan.stages.find(
      (other): other is TrainExpertsStage =>
        other.uses === 'train-experts' && other.id === trajectories.stage && other.late === undefined,
    );
    if (stage.late === undefined) checkMethod(method, experts, [...path, 'method'], issues);
  }
  if (stage.late !== undefined) return;
  checkInit(stage, plan.stages, issues);
  checkCandidates(stage, [...path, 'selection'], issues);
  if (!known) return;
  const { synthetic, counted } = syntheticImages(ipc, known);
  if ('batchSyn' in method && method.batchSyn > synthetic) {
    const message = `batchSyn ${method.batchSyn} is more than there are synthetic images: ${counted}`;
    issues.add('inconsistent', [...path, 'method', 'batchSyn'], message);
  }
  if (method.name === 'kip' && synthetic > maximumSupport) {
    const message = `kip solves equations between all synthetic images, of which there can be ${maximumSupport}: ${counted}`;
    issues.add('inconsistent', [...path, 'ipc'], message);
  }
  const real = realImages(plan, known);
  // With fewer images than classes the split is wrong, and has been said to be.
  if (synthetic > real && real >= known.classes)
    issues.add(
      'inconsistent',
      [...path, 'ipc'],
      `more synthetic images (${counted}) than real ones to distil (${real})`,
    );
  else if (stage.with.init === 'real') checkDrawn(plan, ipc, [...path, 'ipc'], known, issues);
}

function checkWithoutExperts(plan: Plan, stage: DistillStage, path: Path, issues: Issues): void {
  const { method, trajectories, augmentation } = stage.with;
  if (trajectories !== undefined) {
    const message = `${method.name} looks at no expert; leave trajectories out`;
    issues.add('inconsistent', [...path, 'trajectories'], message, { part: 'key' });
  }
  if (method.name === 'dsa' && augmentation === 'none' && stage.late === undefined)
    issues.add(
      'inconsistent',
      [...path, 'augmentation'],
      'dsa without augmentation is the method dc; name that',
    );
  if (method.name === 'dd') {
    if (stage.late === undefined) checkRate(method, [...path, 'method'], issues);
    return;
  }
  if (method.name === 'kip') {
    if (stage.late === undefined) checkLearnedLabels(method, [...path, 'method'], issues);
    return;
  }
  if (hasBatchNorm(plan.network)) {
    const message = `${method.name} looks at one class at a time, and batch normalisation would take that class for everything; choose another norm for the network`;
    issues.add('inconsistent', [...path, 'method', 'name'], message);
  }
}

/** Herding and k-center look at what a trained network makes of the images; the others need none. */
function checkSelect(plan: Plan, stage: SelectStage, known: KnownDataset | undefined, issues: Issues): void {
  const { method, ipc, trajectories } = stage.with;
  const path: Path = ['stages', stage.id, 'with'];
  const byFeatures = method.name === 'herding' || method.name === 'k-center';
  if (byFeatures && trajectories === undefined) {
    const example = plan.stages.find(({ uses }) => uses === 'train-experts')?.id ?? 'experts';
    const message = `${method.name} chooses by the features of an expert; add trajectories: \${{ stages.${example}.trajectories }}`;
    issues.add('missing-key', path, message, { part: 'key' });
  } else if (!byFeatures && trajectories !== undefined) {
    const message = `${method.name} looks at no expert; leave trajectories out`;
    issues.add('inconsistent', [...path, 'trajectories'], message, { part: 'key' });
  }
  if (byFeatures && hasBatchNorm(plan.network)) {
    const message = `${method.name} needs features that do not depend on the rest of a batch, and experts keep no running averages of batch normalisation; choose another norm for the network`;
    issues.add('inconsistent', [...path, 'method', 'name'], message);
  }
  if (!known || isLate(stage, 'ipc')) return;
  const { synthetic, counted } = syntheticImages(ipc, known);
  const real = realImages(plan, known);
  if (synthetic > real && real >= known.classes)
    issues.add(
      'inconsistent',
      [...path, 'ipc'],
      `more images (${counted}) than there are to select from (${real})`,
    );
  else checkDrawn(plan, ipc, [...path, 'ipc'], known, issues);
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
  const { networks } = stage.with;
  for (const [index, network] of networks.entries()) {
    const path: Path = ['stages', stage.id, 'with', 'networks', index];
    const before = networks.findIndex((other) => sameNetwork(other, network));
    if (before < index)
      issues.add('inconsistent', path, `the same network as number ${before + 1} of the list`);
    else if (network !== own) checkNetwork(network, path, known, issues);
  }
}

/** A schema may make anything of what is written; a plan holds plain data. */
function checkSettings(stage: CustomStage, issues: Issues): void {
  const place = notPlain(stage.with);
  if (place === undefined) return;
  const message = `the schema of ${customUses(stage.type)} makes something of this that is no plain data (a finite number, a text, true, false, null, a list or a mapping); change it there`;
  issues.add('inconsistent', ['stages', stage.id, 'with', ...place], message);
}
