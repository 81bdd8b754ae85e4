/**
 * @file Ctrl-C and SIGTERM: the first asks, the second does not wait.
 */

/**
 * Calls `stop` on the first SIGINT or SIGTERM; on the second calls `kill` and exits. Returns a function that
 * takes the handlers away.
 */
export function onStopSignals(stop: (signal: string) => void, kill: () => void): () => void {
  let asked = false;
  const handler = (signal: NodeJS.Signals) => {
    if (asked) {
      kill();
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    asked = true;
    stop(signal);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return () => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
}
