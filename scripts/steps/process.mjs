/**
 * @file What the steps share: the checkout's root, a voice, and running a program in the foreground.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One line about what is being done. */
export function say(line) {
  console.log(`distillery: ${line}`);
}

/** Seconds since a `performance.now()` reading. */
export function since(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** An error that is shown as its message alone. */
export function failure(message) {
  return Object.assign(new Error(message), { expected: true });
}

/** Runs a program on our terminal and returns its exit status. Ctrl-C is left to it. */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', ...options });
    // The terminal sends SIGINT to the child as well; we only have to stay until it is done.
    const wait = () => undefined;
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', wait);
    process.on('SIGTERM', pass);
    const done = () => {
      process.removeListener('SIGINT', wait);
      process.removeListener('SIGTERM', pass);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
