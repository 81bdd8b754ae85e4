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
  /** The learning rate that goes with the images; only some methods learn it. */
  alpha: number;
  alphaVelocity: number;
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
    this.#state = { ...state, images: state.images.slice(), imageVelocity: state.imageVelocity.slice() };
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
    const { iteration, alpha, alphaVelocity } = this.#state;
    const images = this.#state.images.slice();
    const velocity = this.#state.imageVelocity.slice();
    const learned: LearnedImages = { images, velocity, alpha, alphaVelocity };
    const { loss, gradientNorm } = await interruptibly(this.method.iterate(iteration, learned), between);
    const finite = [loss, gradientNorm, learned.alpha].every(Number.isFinite);
    if (!finite || !images.every(Number.isFinite) || learned.alpha > EXPLODED_ALPHA)
      throw new DistilleryError(
        'Diverged',
        `Distillation diverged in iteration ${iteration + 1}: loss ${loss.toPrecision(4)}, ` +
          `learned rate ${learned.alpha.toPrecision(4)}, gradient norm ${gradientNorm.toPrecision(4)}. Lower lrImg or, where there is one, lrLr.`,
      );
    this.#state = {
      ...this.#state,
      iteration: iteration + 1,
      images,
      imageVelocity: velocity,
      alpha: learned.alpha,
      alphaVelocity: learned.alphaVelocity,
    };
    this.#loss.push(loss);
    this.#gradientNorm.push(gradientNorm);
    this.#alpha.push(learned.alpha);
    return { loss, alpha: learned.alpha };
  }

  /** A copy of the whole state. */
  exportState(): DistillState {
    const { images, imageVelocity } = this.#state;
    return {
      ...this.#state,
      images: images.slice(),
      imageVelocity: imageVelocity.slice(),
      history: {
        loss: Float64Array.from(this.#loss),
        alpha: Float64Array.from(this.#alpha),
        gradientNorm: Float64Array.from(this.#gradientNorm),
      },
    };
  }
}
