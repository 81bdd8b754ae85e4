/**
 * @file Waiting for progress.
 */
export class Signs {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  sign(): void {
    this.#count += 1;
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves after so many more signs, after the time limit, or when the signal fires. */
  async after(signs: number, limitMs: number, signal: AbortSignal): Promise<void> {
    const goal = this.#count + signs;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const look = (): void => {
        if (this.#count >= goal) done();
      };
      const timer = setTimeout(done, limitMs);
      this.#waiting.add(look);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
