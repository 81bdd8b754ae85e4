/**
 * @file The outer loop of distillation: match a random piece of an expert's trajectory, update the images and the
 * learned rate, again and again. Every choice is keyed by the iteration, so it can stop and go on anywhere.
 */
import type { DsaOperation, MttConfig } from '../definition/plan.js';
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import { Stream } from '../random/stream.js';
import { FloatImages, oneHot } from './batches.js';
import { interruptibly } from './interruptible.js';
import { matchInSteps } from './matching.js';
import type { NetworkPrograms } from './network-programs.js';
import { studentSteps } from './student-steps.js';

/** The loss of a match that only a student who runs away can have; it starts near 1. */
const EXPLODED_LOSS = 1e4;
/** Learned rates of published runs stay below 0.1. */
const EXPLODED_ALPHA = 10;

/** Where the experts' snapshots come from; implementations keep the hot ones. */
export interface ExpertSnapshots {
  readonly experts: number;
  /** Epochs of each expert; there are `epochs + 1` snapshots. */
  readonly epochs: number;
  /** Flat parameters of an expert after an epoch (0 is the initialisation). Not changed by the caller. */
  snapshot(expert: number, epoch: number): Promise<Float32Array>;
}

/** One value per finished iteration. */
export interface DistillHistory {
  readonly loss: Float64Array;
  /** The learned rate after the iteration's update. */
  readonly alpha: Float64Array;
  /** `|dL/dX|`. */
  readonly gradientNorm: Float64Array;
}

/** Everything that the next iteration depends on, and what the finished ones reported. */
export interface DistillState {
  /** Finished iterations. */
  readonly iteration: number;
  /** `[classes * ipc, channels, height, width]`, as trained on. */
  readonly images: Float32Array;
  readonly imageVelocity: Float32Array;
  readonly alpha: number;
  readonly alphaVelocity: number;
  readonly history: DistillHistory;
}

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
  readonly loss: number;
  /** After the update. */
  readonly alpha: number;
  readonly gradientNorm: number;
  readonly expert: number;
  readonly startEpoch: number;
}

/** The state before the first iteration. */
export function initialDistillState(images: Float32Array, alpha: number): DistillState {
  return {
    iteration: 0,
    images,
    imageVelocity: new Float32Array(images.length),
    alpha,
    alphaVelocity: 0,
    history: { loss: new Float64Array(), alpha: new Float64Array(), gradientNorm: new Float64Array() },
  };
}

/** A distillation under way. A state exported at any iteration goes on bit for bit. */
export class Distiller {
  readonly #programs: NetworkPrograms;
  readonly #settings: DistillSettings;
  readonly #targets: Float32Array;
  readonly #images: Float32Array;
  readonly #imageVelocity: Float32Array;
  #iteration: number;
  #alpha: number;
  #alphaVelocity: number;
  readonly #history: { loss: number[]; alpha: number[]; gradientNorm: number[] };

  /** @param state `initialDistillState(images, lrInit)`, or what `exportState` gave; it is copied */
  constructor(programs: NetworkPrograms, settings: DistillSettings, state: DistillState) {
    this.#programs = programs;
    this.#settings = settings;
    this.#targets = oneHot(settings.labels, settings.classes);
    this.#images = state.images.slice();
    this.#imageVelocity = state.imageVelocity.slice();
    this.#iteration = state.iteration;
    this.#alpha = state.alpha;
    this.#alphaVelocity = state.alphaVelocity;
    const { loss, alpha, gradientNorm } = state.history;
    this.#history = { loss: [...loss], alpha: [...alpha], gradientNorm: [...gradientNorm] };
  }

  /** Finished iterations. */
  get iteration(): number {
    return this.#iteration;
  }

  /** The learned rate. */
  get alpha(): number {
    return this.#alpha;
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
    const { method, shape, classes, seed } = this.#settings;
    requireLength(experts, method);
    const iteration = this.#iteration;

    const choice = new Stream(seed, 'trajectory-choice', iteration);
    const expert = choice.integer(experts.experts);
    const startEpoch = choice.integer(method.maxStartEpoch);
    const theta0 = await experts.snapshot(expert, startEpoch);
    const target = await experts.snapshot(expert, startEpoch + method.expertEpochs);

    const synthetic = new FloatImages(shape, classes, this.#images, this.#targets);
    const steps = studentSteps({ ...method, ...this.#settings }, iteration, synthetic.count, shape);
    const alpha = this.#alpha;
    const programs = this.#programs;
    const match = await interruptibly(
      matchInSteps({ programs, theta0, target, synthetic, steps, alpha }),
      between,
    );

    const gradientNorm = Math.sqrt(match.dX.reduce((sum, value) => sum + value * value, 0));
    // Momentum SGD as PyTorch does it; the rate never falls below its floor.
    const alphaVelocity = method.momentum * this.#alphaVelocity + match.dAlpha;
    const nextAlpha = Math.max(alpha - method.lrLr * alphaVelocity, method.lrFloor);
    const diverged =
      !(match.loss <= EXPLODED_LOSS) || !Number.isFinite(gradientNorm) || !(nextAlpha <= EXPLODED_ALPHA);
    if (diverged) throw divergence(iteration + 1, match.loss, alpha, nextAlpha, gradientNorm);

    this.#updateImages(match.dX);
    this.#alpha = nextAlpha;
    this.#alphaVelocity = alphaVelocity;
    this.#iteration += 1;
    this.#history.loss.push(match.loss);
    this.#history.alpha.push(nextAlpha);
    this.#history.gradientNorm.push(gradientNorm);
    return { iteration, loss: match.loss, alpha: nextAlpha, gradientNorm, expert, startEpoch };
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
      history: {
        loss: Float64Array.from(loss),
        alpha: Float64Array.from(alpha),
        gradientNorm: Float64Array.from(gradientNorm),
      },
    };
  }

  #updateImages(dX: Float32Array): void {
    const { lrImg, momentum } = this.#settings.method;
    const velocity = this.#imageVelocity;
    for (let i = 0; i < dX.length; i++) {
      velocity[i] = momentum * (velocity[i] ?? 0) + (dX[i] ?? 0);
      this.#images[i] = (this.#images[i] ?? 0) - lrImg * (velocity[i] ?? 0);
    }
  }
}

function requireLength({ experts, epochs }: ExpertSnapshots, method: MttConfig): void {
  const needed = method.maxStartEpoch - 1 + method.expertEpochs;
  if (experts < 1 || needed > epochs)
    throw new DistilleryError(
      'InvalidTrajectory',
      `Matching with maxStartEpoch ${method.maxStartEpoch} and expertEpochs ${method.expertEpochs} reads ` +
        `snapshots up to epoch ${needed}, but there are ${experts} experts of ${epochs} epochs: ` +
        'train longer experts or lower maxStartEpoch.',
    );
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
