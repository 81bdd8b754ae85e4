/**
 * @file Long computations that let others have a word: they yield between their steps, and whoever runs them
 * may do something there, or give up.
 */

/** A computation of a `T`, which yields where it can be interrupted. */
export type Interruptible<T> = Generator<undefined, T, undefined>;

/** Runs a computation without a break. */
export function atOnce<T>(computation: Interruptible<T>): T {
  for (;;) {
    const { done, value } = computation.next();
    if (done === true) return value;
  }
}

/**
 * Runs a computation and awaits `between` wherever it yields. When `between` throws, the computation ends there
 * and releases what it holds.
 */
export async function interruptibly<T>(
  computation: Interruptible<T>,
  between: () => Promise<void>,
): Promise<T> {
  try {
    for (;;) {
      const { done, value } = computation.next();
      if (done === true) return value;
      await between();
    }
  } catch (error) {
    computation.throw(error);
    throw error;
  }
}
