/**
 * @file Ends this process when its parent is gone, even while its main thread computes: a second thread
 * looks at the parent's id. Without it an orphan would go on beside the retry of its own work.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const pollMilliseconds = 200;
const marker = 'distillery-parent-watch';

/** Starts the watch; it does not keep the process alive. */
export function watchParent(): void {
  const watcher = new Worker(new URL(import.meta.url), { workerData: marker });
  watcher.unref();
}

if (!isMainThread && workerData === marker) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, pollMilliseconds);
}
