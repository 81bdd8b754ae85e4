/**
 * @file Keeps the last thing that was costly to make, for as long as the same is asked for.
 */

/** One value by key; another key replaces it, and what failed to come is made again. */
export class Latest<T> {
  /** @param dispose told of a value that has been replaced */
  constructor(private readonly dispose: (value: T) => void = () => undefined) {}

  #kept: { readonly key: string; readonly value: Promise<T> } | undefined;

  /** @param make called when the value of this key is not the one at hand */
  get(key: string, make: () => Promise<T>): Promise<T> {
    if (this.#kept?.key === key) return this.#kept.value;
    this.#kept?.value.then(this.dispose, () => undefined);
    const kept = { key, value: make() };
    this.#kept = kept;
    kept.value.catch(() => {
      if (this.#kept === kept) this.#kept = undefined;
    });
    return kept.value;
  }
}
