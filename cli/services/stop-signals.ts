/**
 * @file Ctrl-C and its kin for commands that hold servers.
 */

export interface StopSignals {
  /** Fires with the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Resolves then. */
  readonly stopped: Promise<void>;
  dispose(): void;
}

/** Listens until `dispose`. A second signal does not wait for anything; what is left dies with its parent. */
export function stopSignals(): StopSignals {
  const controller = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  // Servers of our own do not keep this process alive; with its end they would end.
  const alive = setInterval(() => undefined, 60_000);
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    stopped,
    dispose: () => {
      clearInterval(alive);
      for (const name of names) process.off(name, handler);
    },
  };
}
