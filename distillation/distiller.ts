/**
 * @file The outer loop of distillation: match random pieces of experts' trajectories, update what is learned (the
 * images, the rate and, where asked for, the labels), again and again. Every choice is keyed by the iteration, so it can stop and go on anywhere.
 */
import type { DsaOperation, MttConfig } from '../definition/plan.js';
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import { FloatImages, oneHot } from './batches.js';
import type { DistillState } from './distill-state.js';
import { interruptibly } from './interruptible.js';
import { MatchRecorder } from './match-history.js';
import { matchInSteps, type MatchResult } from './matching.js';
import { averageStep, meanOf, momentumStep } from './momentum.js';
import type { NetworkPrograms } from './network-programs.js';
import { gradientToLogits, probabilities } from './soft-labels.js';
import { studentSteps } from './student-steps.js';
import { choosePieces, type ExpertSnapshots, type TrajectoryPiece } from './trajectory-choice.js';

/** The loss of a match that only a student who runs away can have; it starts near 1. */
const EXPLODED_LOSS = 1e4;
/** Learned rates of published runs stay below 0.1. */
const EXPLODED_ALPHA = 10;

export interface DistillSettings {
  readonly method: MttConfig;
  readonly operations: readonly DsaOperation[];
  /** Class of each synthetic image. */
  readonly labels: Int32Array;
  readonly shape: ImageShape;
  readonly classes: number;
  /** Seed of the run. */
  readonly seed: number;
}

export interface DistillIteration {
  /** From 0. */
  readonly iteration: number;
  /** Mean over the matches. */
  readonly loss: number;
  /** After the update. */
  readonly alpha: number;
  readonly gradientNorm: number;
  readonly pieces: readonly TrajectoryPiece[];
}

/** A distillation under way. A state exported at any iteration goes on bit for bit. */
export class Distiller {
  readonly #programs: NetworkPrograms;
  readonly #settings: DistillSettings;
  readonly #oneHot: Float32Array;
  readonly #images: Float32Array;
  readonly #imageVelocity: Float32Array;
  readonly #labels: { readonly logits: Float32Array; readonly velocity: Float32Array } | undefined;
  readonly #averagedImages: Float32Array | undefined;
  #iteration: number;
  #alpha: number;
  #alphaVelocity: number;
  readonly #history: { loss: number[]; alpha: number[]; gradientNorm: number[] };
  readonly #records: MatchRecorder;

  /** @param state `initialDistillState(...)`, or what `exportState` gave; it is copied */
  constructor(programs: NetworkPrograms, settings: DistillSettings, state: DistillState) {
    this.#programs = programs;
    this.#settings = settings;
    this.#oneHot = oneHot(settings.labels, settings.classes);
    this.#images = state.images.slice();
    this.#imageVelocity = state.imageVelocity.slice();
    const { labelLogits, labelVelocity } = state;
    this.#labels = labelLogits &&
      labelVelocity && { logits: labelLogits.slice(), velocity: labelVelocity.slice() };
    this.#averagedImages = state.averagedImages?.slice();
    this.#iteration = state.iteration;
    this.#alpha = state.alpha;
    this.#alphaVelocity = state.alphaVelocity;
    const { loss, alpha, gradientNorm } = state.history;
    this.#history = { loss: [...loss], alpha: [...alpha], gradientNorm: [...gradientNorm] };
    const { expertsPerStep = 1 } = settings.method;
    this.#records = new MatchRecorder(state.iteration * expertsPerStep, state.history.matches);
  }

  /** Finished iterations. */
  get iteration(): number {
    return this.#iteration;
  }

  /** The learned rate. */
  get alpha(): number {
    return this.#alpha;
  }

  /** Class probabilities of the images, `[images, classes]`; one-hot unless they are learned. */
  get targets(): Float32Array {
    return this.#labels ? probabilities(this.#labels.logits, this.#settings.classes) : this.#oneHot;
  }

  /**
   * Does the next iteration.
   *
   * @param between awaited between the steps of the student; when it throws, the state stays the one before this
   *   iteration
   * @throws DistilleryError `Diverged` when the loss, the gradient or the learned rate is not finite or exploded;
   *   the state is then still the one before this iteration. `InvalidTrajectory` when the experts are too short.
   */
  async step(
    experts: ExpertSnapshots,
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<DistillIteration> {
    const { method, seed } = this.#settings;
    const iteration = this.#iteration;
    const pieces = choosePieces(method, experts, seed, iteration);
    const targets = this.targets;
    const matches: MatchResult[] = [];
    for (const [index, piece] of pieces.entries())
      matches.push(await this.#match(experts, piece, index, targets, between));
    const counted = matches.filter(({ skipped }) => !skipped);
    const loss = mean(counted.length > 0 ? counted : matches);
    const gradientNorm = counted.length > 0 ? this.#update(counted, loss, targets) : 0;
    if (this.#averagedImages) averageStep(this.#averagedImages, this.#images, method.emaDecay ?? 0);

    this.#iteration += 1;
    for (const [index, { startEpoch }] of pieces.entries()) {
      const match = matches[index];
      if (match) this.#records.add({ startEpoch, loss: match.loss, ...match.distances });
    }
    this.#history.loss.push(loss);
    this.#history.alpha.push(this.#alpha);
    this.#history.gradientNorm.push(gradientNorm);
    return { iteration, loss, alpha: this.#alpha, gradientNorm, pieces };
  }

  async #match(
    experts: ExpertSnapshots,
    { expert, startEpoch }: TrajectoryPiece,
    index: number,
    targets: Float32Array,
    between: () => Promise<void>,
  ): Promise<MatchResult> {
    const { method, shape, classes } = this.#settings;
    const { skipAbove, keepFraction } = method;
    const theta0 = await experts.snapshot(expert, startEpoch);
    const target = await experts.snapshot(expert, startEpoch + method.expertEpochs);
    const synthetic = new FloatImages(shape, classes, this.#images, targets);
    const drawing = { ...method, ...this.#settings };
    const steps = studentSteps(drawing, this.#iteration, synthetic.count, shape, index);
    const alpha = this.#alpha;
    const programs = this.#programs;
    const toTargets = this.#labels !== undefined;
    return interruptibly(
      matchInSteps({
        programs,
        theta0,
        target,
        synthetic,
        steps,
        alpha,
        toTargets,
        skipAbove,
        keepFraction,
      }),
      between,
    );
  }

  /** Updates all that is learned with the mean gradient of the matches; gives `|dL/dX|`. */
  #update(matches: readonly MatchResult[], loss: number, targets: Float32Array): number {
    const { method, classes } = this.#settings;
    const { momentum, lrImg, lrLr, lrFloor, lrLabels = 0 } = method;
    const alpha = this.#alpha;
    const dX = meanOf(matches.map((match) => match.dX));
    const gradientNorm = Math.sqrt(dX.reduce((sum, value) => sum + value * value, 0));
    const dAlpha = matches.reduce((sum, match) => sum + match.dAlpha, 0) / matches.length;
    // Momentum SGD as PyTorch does it; the rate never falls below its floor.
    const alphaVelocity = momentum * this.#alphaVelocity + dAlpha;
    const nextAlpha = Math.max(alpha - lrLr * alphaVelocity, lrFloor);
    const diverged =
      !(loss <= EXPLODED_LOSS) || !Number.isFinite(gradientNorm) || !(nextAlpha <= EXPLODED_ALPHA);
    if (diverged) throw divergence(this.#iteration + 1, loss, alpha, nextAlpha, gradientNorm);

    momentumStep(this.#images, this.#imageVelocity, dX, { lr: lrImg, momentum });
    if (this.#labels) {
      const dTargets = meanOf(matches.map((match) => match.dTargets ?? new Float32Array(targets.length)));
      const dLogits = gradientToLogits(targets, dTargets, classes);
      momentumStep(this.#labels.logits, this.#labels.velocity, dLogits, { lr: lrLabels, momentum });
    }
    this.#alpha = nextAlpha;
    this.#alphaVelocity = alphaVelocity;
    return gradientNorm;
  }

  /** A copy of the whole state. */
  exportState(): DistillState {
    const { loss, alpha, gradientNorm } = this.#history;
    return {
      iteration: this.#iteration,
      images: this.#images.slice(),
      imageVelocity: this.#imageVelocity.slice(),
      alpha: this.#alpha,
      alphaVelocity: this.#alphaVelocity,
      ...(this.#labels && {
        labelLogits: this.#labels.logits.slice(),
        labelVelocity: this.#labels.velocity.slice(),
      }),
      ...(this.#averagedImages && { averagedImages: this.#averagedImages.slice() }),
      history: {
        loss: Float64Array.from(loss),
        alpha: Float64Array.from(alpha),
        gradientNorm: Float64Array.from(gradientNorm),
        matches: this.#records.history,
      },
    };
  }
}

function mean(matches: readonly MatchResult[]): number {
  return matches.reduce((sum, { loss }) => sum + loss, 0) / matches.length;
}

/** @param iteration counted from 1, as progress, checkpoints and `metrics.jsonl` count */
function divergence(
  iteration: number,
  loss: number,
  alpha: number,
  nextAlpha: number,
  gradientNorm: number,
): DistilleryError {
  return new DistilleryError(
    'Diverged',
    `Distillation diverged in iteration ${iteration}: loss ${loss.toPrecision(4)}, ` +
      `learned rate ${alpha.toPrecision(4)} -> ${nextAlpha.toPrecision(4)}, ` +
      `gradient norm ${gradientNorm.toPrecision(4)}. Lower lrImg or lrLr, start from a smaller lrInit, or take fewer synSteps.`,
  );
}
