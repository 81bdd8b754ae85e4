/**
 * @file Provides TensorFlow for `@tensorflow/tfjs-node-gpu`: a binding that loads already, the package's own
 * download, or our link against the libraries of the Python wheel.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import {
  compileBinding,
  findBindingSite,
  isLinkedTo,
  linkBinding,
  tryBinding,
  type BindingSite,
} from './binding.js';
import { runCommand } from './command.js';
import { cudaLibraryWheels } from './cuda-wheels.js';
import { ensureInstall, findInstall } from './install.js';
import { ensureKernels } from './kernels.js';
import { fetchWheel, unpackWheel } from './pip.js';
import type { EngineProvision } from './provisions.js';
import { secondsSince, type Say } from './say.js';
import { stockDownload } from './stock-engine.js';
import {
  hostPlatform,
  tensorflowArmWheel,
  tensorflowCpuWheel,
  tensorflowCudaWheel,
  type Wheel,
} from './wheels.js';

/** Which TensorFlow. */
export interface EngineOptions {
  /** The CUDA build, with NVIDIA's libraries where the system has none. Default false. */
  readonly cuda?: boolean;
  /** Skips the package's own download. Default false; with `cuda` it is always skipped. */
  readonly skipStock?: boolean;
}

/** Throws `SetupFailed`, or `EngineUnavailable` when what was built does not load. */
export async function ensureEngine(
  home: string,
  say: Say,
  options: EngineOptions = {},
): Promise<EngineProvision> {
  const cuda = options.cuda === true;
  const site = findBindingSite();
  const wheel = wheelFor(cuda);
  const linked = await findLinked(home, wheel, cuda);
  if (linked !== undefined) {
    await ensureKernelsFor(home, wheel, cuda, say);
    if (!isLinkedTo(site, linked)) {
      linkBinding(site, linked);
      say(`linked @tensorflow/tfjs-node-gpu to TensorFlow ${wheel.version} in the cache`);
    }
    return { source: 'linked', version: wheel.version, binding: linked };
  }
  if (!cuda) {
    const found = await tryBinding(site.binding);
    if ('version' in found) return { source: 'found', version: found.version, binding: site.binding };
    if (options.skipStock !== true) {
      const version = await stockDownload(site, say);
      if (version !== undefined) return { source: 'stock', version, binding: site.binding };
    }
  }
  return linkWheel(home, site, wheel, cuda, say);
}

async function linkWheel(
  home: string,
  site: BindingSite,
  wheel: Wheel,
  cuda: boolean,
  say: Say,
): Promise<EngineProvision> {
  if (wheel.files[hostPlatform()] === undefined) {
    throw new DistilleryError(
      'SetupFailed',
      `there is no TensorFlow to link for ${hostPlatform()}${cuda ? ' with CUDA' : ''}, only for linux-x64` +
        `${cuda ? '' : ' and linux-arm64'}; run distillery there, or install a @tensorflow/tfjs-node-gpu ` +
        'binding that loads (its own install script has one for macOS)',
    );
  }
  const libraries = await ensureInstall(home, librariesRecipe(wheel, cuda, say), say);
  const name = bindingName(wheel, cuda);
  const folder = await ensureInstall(
    home,
    {
      name,
      fill: (target, scratch) =>
        compileBinding(
          {
            site,
            tensorflow: join(libraries, 'tensorflow'),
            runPath: runPathTo(wheel, cuda),
            output: join(target, bindingFile),
            scratch,
          },
          say,
        ),
    },
    say,
  );
  const binding = join(folder, bindingFile);
  const loaded = await tryBinding(binding);
  if ('reason' in loaded) {
    rmSync(folder, { recursive: true, force: true });
    throw new DistilleryError(
      'EngineUnavailable',
      `the TensorFlow binding was built but does not load (${loaded.reason}); ` +
        (cuda ? 'check the NVIDIA driver, or set up without --cuda' : 'run the set-up again'),
    );
  }
  await ensureKernelsFor(home, wheel, cuda, say);
  linkBinding(site, binding);
  say(`linked @tensorflow/tfjs-node-gpu to TensorFlow ${loaded.version}`);
  return { source: 'linked', version: loaded.version, binding };
}

/** The kernels are for the CPU, and of no use to a GPU. */
async function ensureKernelsFor(home: string, wheel: Wheel, cuda: boolean, say: Say): Promise<void> {
  const libraries = cuda ? undefined : await findInstall(home, librariesName(wheel, cuda));
  if (libraries === undefined) return;
  await ensureKernels(
    home,
    {
      bindingInstall: bindingName(wheel, cuda),
      tensorflow: join(libraries, 'tensorflow'),
      runPath: runPathTo(wheel, cuda),
    },
    say,
  );
}

/** From an install that links TensorFlow's libraries to them. */
function runPathTo(wheel: Wheel, cuda: boolean): string {
  return `$ORIGIN/../${librariesName(wheel, cuda)}/tensorflow`;
}

const bindingFile = 'tfjs_binding.node';

function wheelFor(cuda: boolean): Wheel {
  if (cuda) return tensorflowCudaWheel;
  return hostPlatform() === 'linux-arm64' ? tensorflowArmWheel : tensorflowCpuWheel;
}

function librariesName(wheel: Wheel, cuda: boolean): string {
  return `${wheel.name}${cuda ? '-cuda' : ''}-${wheel.version}`;
}

function bindingName(wheel: Wheel, cuda: boolean): string {
  return `tfjs-binding-4.22.0-${librariesName(wheel, cuda)}`;
}

/** Our binding, if it and the libraries under it are whole. */
async function findLinked(home: string, wheel: Wheel, cuda: boolean): Promise<string | undefined> {
  const binding = await findInstall(home, bindingName(wheel, cuda));
  const libraries = await findInstall(home, librariesName(wheel, cuda));
  return binding === undefined || libraries === undefined ? undefined : join(binding, bindingFile);
}

function librariesRecipe(
  wheel: Wheel,
  cuda: boolean,
  say: Say,
): { name: string; fill: (folder: string, scratch: string) => Promise<void> } {
  return {
    name: librariesName(wheel, cuda),
    fill: async (folder, scratch) => {
      const file = await fetchWheel(wheel, scratch, say);
      const start = performance.now();
      await unpackWheel(file, folder, tensorflowFiles);
      say(`unpacked TensorFlow's libraries (850 MB) in ${secondsSince(start)}`);
      if (!cuda || (await systemHasCuda())) return;
      // TensorFlow's run path looks for them in `nvidia/` beside `tensorflow/`.
      for (const library of cudaLibraryWheels) {
        await unpackWheel(await fetchWheel(library, scratch, say), folder, [['nvidia/', 'nvidia/']]);
      }
    },
  };
}

/** The libraries, and of 200 MB of headers those few that the C interface needs. */
const tensorflowFiles: readonly (readonly [string, string])[] = [
  'libtensorflow_cc.so.2',
  'libtensorflow_framework.so.2',
  'include/tensorflow/c/',
  'include/tensorflow/core/platform/',
  'include/tensorflow/tsl/platform/',
  'include/tsl/platform/',
  'include/xla/tsl/c/',
  'include/xla/tsl/platform/',
  'include/external/local_xla/xla/tsl/c/',
  'include/external/local_tsl/tsl/platform/',
].map((path) => [`tensorflow/${path}`, `tensorflow/${path}`] as const);

async function systemHasCuda(): Promise<boolean> {
  const { stdout } = await runCommand('ldconfig', ['-p']);
  return stdout.includes('libcudnn.so.9') && stdout.includes('libcublas.so.12');
}
