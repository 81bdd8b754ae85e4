/**
 * @file Says that a call to the store takes long, for as long as it does.
 */
const sayEveryMs = 2_000;

export class LongCall {
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  #reason = 'no answer yet';
  #said = false;

  /** @param say told why and for how long; undefined once the call has ended, if anything was said before. */
  constructor(
    private readonly location: string,
    private readonly say: (reason: string | undefined) => void,
  ) {
    this.#timer = setInterval(() => this.#tell(), sayEveryMs);
    // The call itself keeps the process alive.
    this.#timer.unref();
  }

  failed(reason: string): void {
    this.#reason = reason;
    this.#tell();
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#said) this.say(undefined);
  }

  #tell(): void {
    this.#said = true;
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    const waited = seconds > 0 ? ` (waited ${seconds} s)` : '';
    // Where lines are cut, the reason stays.
    this.say(`the store: ${this.#reason}${waited}, at ${this.location}`);
  }
}
