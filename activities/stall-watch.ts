/**
 * @file Notices work that says nothing for too long. Waiting for the store is no silence.
 */
import { onBehalfOf, storeWork } from '../artifacts/store-work.js';

export class StallWatch {
  private readonly timer: NodeJS.Timeout;

  /** @param onStall called once when nothing was heard for so long */
  constructor(seconds: number, onStall: () => void) {
    this.timer = setTimeout(onStall, seconds * 1000);
  }

  heard(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Runs `body`, hearing of its waits for the store. */
  watching<T>(body: () => T): T {
    const { onWait } = storeWork();
    return onBehalfOf(
      {
        onWait: (reason) => {
          this.heard();
          onWait?.(reason);
        },
      },
      body,
    );
  }
}
