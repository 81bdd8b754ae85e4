/**
 * @file A Python with packages of its own, for tests that compare with what users of Python see.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The interpreter of a virtual environment with these packages (pip requirements), made once and kept.
 * Undefined when this machine has no python3 with pip and venv.
 */
export async function pythonWith(packages: readonly string[]): Promise<string | undefined> {
  const home = process.env['DISTILLERY_HOME'] ?? join(homedir(), '.cache', 'distillery');
  const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(home, `test-python-${digest}`);
  const interpreter = join(folder, 'bin', 'python');
  if (existsSync(folder)) return interpreter;
  try {
    await run('python3', ['-c', 'import venv, ensurepip']);
  } catch {
    return undefined;
  }
  await mkdir(home, { recursive: true });
  // Other test files may want the same at the same time: each makes its own, and the first to be done wins.
  const own = `${folder}-${process.pid}`;
  const python = join(own, 'bin', 'python');
  await run('python3', ['-m', 'venv', own]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  await rename(own, folder).catch(async (error: unknown) => {
    await rm(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  });
  return interpreter;
}

/** Runs a Python program and returns what it printed. */
export async function runPython(interpreter: string, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(interpreter, ['-c', program, ...args]);
  return stdout;
}
