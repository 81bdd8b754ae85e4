/**
 * @file How much memory of a GPU is in use, by whomever, as the driver's own tool says.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const intervalMilliseconds = 10_000;

/**
 * Tells the bytes in use now and every ten seconds, until the returned function is called. Where there is no
 * such tool nothing is told.
 *
 * @param device index or id, as in CUDA_VISIBLE_DEVICES
 */
export function watchGpuMemory(device: string, onSample: (bytes: number) => void): () => void {
  let stopped = false;
  const sample = async () => {
    const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', `--id=${device}`];
    const said = await run('nvidia-smi', query, { timeout: 5_000 }).catch(() => undefined);
    const bytes = said === undefined ? undefined : usedMemory(said.stdout);
    if (bytes !== undefined && !stopped) onSample(bytes);
  };
  void sample();
  const timer = setInterval(() => void sample(), intervalMilliseconds);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

/** @param text mebibytes in a line for each GPU; undefined where it says no number */
export function usedMemory(text: string): number | undefined {
  const mebibytes = /^\s*(\d+)\s*$/m.exec(text)?.[1];
  return mebibytes === undefined ? undefined : Number(mebibytes) * 2 ** 20;
}
