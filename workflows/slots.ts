/**
 * @file A limit on how many may do something at once; who comes first goes first.
 */

export class Slots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(private readonly limit: number) {}

  get isFree(): boolean {
    return this.taken < this.limit;
  }

  /** A slot that is free. */
  takeFree(): void {
    this.taken += 1;
  }

  /** Waits for a free slot; each that is taken has to be given back. */
  async take(): Promise<void> {
    if (this.isFree) {
      this.takeFree();
      return;
    }
    // The slot passes from hand to hand, so that nobody who comes later gets it first.
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken -= 1;
    else next();
  }
}
