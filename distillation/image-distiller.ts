/**
 * @file The outer loop of methods that learn images, and perhaps a rate: it keeps the state, so that they can stop
 * and go on at any iteration.
 */
import { DistilleryError } from '../errors/errors.js';
import type { DistillState } from './distill-state.js';
import { interruptibly, type Interruptible } from './interruptible.js';

/** Learned rates of published runs stay below 0.1. */
const EXPLODED_ALPHA = 10;

/** Changed in place by an iteration. */
export interface LearnedImages {
  /** `[classes * ipc, channels, height, width]`, classes in turn. */
  readonly images: Float32Array;
  readonly velocity: Float32Array;
  /** Running mean of the squared slopes; only some methods keep it. */
  readonly squares?: Float32Array;
  /** The learning rate that goes with the images; only some methods learn it. */
  alpha: number;
  alphaVelocity: number;
  /** Labels that are learned, `[classes * ipc, classes]`; only some methods learn them. */
  readonly labels?: LearnedLabels;
}

export interface LearnedLabels {
  readonly values: Float32Array;
  readonly velocity: Float32Array;
  readonly squares?: Float32Array;
}

export interface MatchedIteration {
  readonly loss: number;
  /** `|dL/dX|` of the last update. */
  readonly gradientNorm: number;
}

export interface ImageMethod {
  /**
   * Does an iteration; everything random in it is keyed by its number, from 0. Yields where it may be interrupted,
   * and is given up by never being taken up again.
   */
  iterate(iteration: number, learned: LearnedImages): Interruptible<MatchedIteration>;
}

/** A distillation under way. A state exported at any iteration goes on bit for bit. */
export class ImageDistiller {
  #state: DistillState;
  readonly #loss: number[];
  readonly #alpha: number[];
  readonly #gradientNorm: number[];

  /** @param state `initialDistillState(images, rate)`, or what `exportState` gave; it is copied */
  constructor(
    private readonly method: ImageMethod,
    state: DistillState,
  ) {
    this.#state = copied(state);
    this.#loss = [...state.history.loss];
    this.#alpha = [...state.history.alpha];
    this.#gradientNorm = [...state.history.gradientNorm];
  }

  /** Finished iterations. */
  get iteration(): number {
    return this.#state.iteration;
  }

  /**
   * Does the next iteration.
   *
   * @param between awaited where the method may be interrupted; when it throws, the state stays the one before this
   *   iteration
   * @throws DistilleryError `Diverged` when the loss or the images are not finite; the state is then still the one
   *   before this iteration
   */
  async step(
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<{ loss: number; alpha: number }> {
    const next = copied(this.#state);
    const { iteration, images, imageSquares, labelLogits, labelVelocity, labelSquares } = next;
    const learned: LearnedImages = {
      images,
      velocity: next.imageVelocity,
      alpha: next.alpha,
      alphaVelocity: next.alphaVelocity,
      ...(imageSquares && { squares: imageSquares }),
      ...(labelLogits &&
        labelVelocity && {
          labels: {
            values: labelLogits,
            velocity: labelVelocity,
            ...(labelSquares && { squares: labelSquares }),
          },
        }),
    };
    const { loss, gradientNorm } = await interruptibly(this.method.iterate(iteration, learned), between);
    const { alpha, alphaVelocity } = learned;
    const numbers = [[loss, gradientNorm, alpha], images, labelLogits ?? []];
    if (!numbers.every((values) => values.every(Number.isFinite)) || alpha > EXPLODED_ALPHA)
      throw new DistilleryError(
        'Diverged',
        `Distillation diverged in iteration ${iteration + 1}: loss ${loss.toPrecision(4)}, ` +
          `learned rate ${alpha.toPrecision(4)}, gradient norm ${gradientNorm.toPrecision(4)}. Lower lrImg or, where there is one, lrLr.`,
      );
    this.#state = { ...next, iteration: iteration + 1, alpha, alphaVelocity };
    this.#loss.push(loss);
    this.#gradientNorm.push(gradientNorm);
    this.#alpha.push(alpha);
    return { loss, alpha };
  }

  /** A copy of the whole state. */
  exportState(): DistillState {
    return {
      ...copied(this.#state),
      history: {
        loss: Float64Array.from(this.#loss),
        alpha: Float64Array.from(this.#alpha),
        gradientNorm: Float64Array.from(this.#gradientNorm),
      },
    };
  }
}

/** With arrays of its own for all that changes. */
function copied(state: DistillState): DistillState {
  const { images, imageVelocity, imageSquares, labelLogits, labelVelocity, labelSquares } = state;
  return {
    ...state,
    images: images.slice(),
    imageVelocity: imageVelocity.slice(),
    ...(imageSquares && { imageSquares: imageSquares.slice() }),
    ...(labelLogits && { labelLogits: labelLogits.slice() }),
    ...(labelVelocity && { labelVelocity: labelVelocity.slice() }),
    ...(labelSquares && { labelSquares: labelSquares.slice() }),
  };
}
