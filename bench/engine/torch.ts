/**
 * @file PyTorch, which distillery is compared with: pinned, installed into the cache beside everything else.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DistilleryError } from '../../errors/errors.js';
import { findOnPath, runCommand } from '../../setup/command.js';
import { ensureInstall } from '../../setup/install.js';
import { packageRoot } from '../../setup/package-root.js';
import { secondsSince, type Say } from '../../setup/say.js';
import { hostPlatform } from '../../setup/wheels.js';
import { engineEnvironment } from '../../tensor/environment.js';
import { Side } from './side.js';

const version = '2.15.0';
/** Two of the wheels are large, and not every line is fast. */
const installLimitMs = 60 * 60_000;

/** An interpreter that can import PyTorch. */
export interface TorchPython {
  readonly interpreter: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where the Python sources and the requirements of the benchmark lie. */
function sources(): string {
  return join(packageRoot(), 'bench', 'engine');
}

/**
 * PyTorch from the cache, installed first if need be.
 *
 * @throws DistilleryError `SetupFailed` without python3 and pip, or when the download fails
 */
export async function ensureTorch(home: string, say: Say): Promise<TorchPython> {
  const interpreter = findOnPath(['python3', 'python']);
  if (interpreter === undefined)
    throw new DistilleryError(
      'SetupFailed',
      'There is no python3 on PATH to compare with; install it with pip.',
    );
  const tag = await runCommand(interpreter, ['-c', 'import sys; print("cp%d%d" % sys.version_info[:2])']);
  const folder = await ensureInstall(
    home,
    {
      name: `bench-torch-${version}-${tag.stdout.trim()}`,
      fill: (target, scratch) => install(interpreter, target, scratch, say),
    },
    say,
  );
  return { interpreter, environment: { PYTHONPATH: folder } };
}

async function install(interpreter: string, target: string, scratch: string, say: Say): Promise<void> {
  const start = performance.now();
  const pinned = hostPlatform() === 'linux-x64';
  say(
    `installing PyTorch ${version} into the cache (${pinned ? '2.6 GB to download, with the CUDA libraries that it is linked with' : 'versions pinned, no digests known for this platform'})`,
  );
  const requirements = join(scratch, 'requirements.txt');
  if (pinned) copyFileSync(join(sources(), 'requirements-linux-x64.txt'), requirements);
  const what = pinned
    ? ['--no-deps', '--require-hashes', '--requirement', requirements]
    : [`torch==${version}`];
  const result = await runCommand(
    interpreter,
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      '--target',
      target,
      ...what,
    ],
    { env: { TMPDIR: scratch }, timeoutMs: installLimitMs },
  );
  if (result.status !== 0)
    throw new DistilleryError(
      'SetupFailed',
      `PyTorch ${version} could not be installed with ${interpreter} (it has wheels for Python 3.11 to 3.14): ` +
        `${result.tail.split('\n').findLast((line) => line.startsWith('ERROR')) ?? result.stopped ?? 'no reason given'}. ` +
        'Or name an interpreter that has it with --python.',
    );
  say(`installed PyTorch ${version} in ${secondsSince(start)}`);
}

/** PyTorch's side on a folder of inputs. */
export function startTorch(
  { interpreter, environment }: TorchPython,
  { threads, device }: { readonly threads: number; readonly device: 'cpu' | 'cuda' },
  folder: string,
): Side {
  return new Side('PyTorch', interpreter, [join(sources(), 'serve.py'), folder, String(threads), device], {
    ...torchEnvironment(threads),
    ...environment,
  });
}

/** The variables that distillery's own compute process gets, and those by which PyTorch counts threads. */
export function torchEnvironment(threads: number): Record<string, string> {
  return {
    ...engineEnvironment(threads),
    OMP_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
    // The cache is not written to.
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** The script of a whole experiment. */
export function experimentScript(): string {
  return join(sources(), 'experiment.py');
}
