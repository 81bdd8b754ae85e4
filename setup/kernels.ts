/**
 * @file Provides the fused CPU kernels: compiles them against the TensorFlow libraries that the binding links.
 * Nothing needs them; what is computed without them is computed slower.
 */
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { kernelFile, kernelInstallName, kernelSources } from '../kernels/library.js';
import { nodeHeaders } from './binding.js';
import { compileWithAny } from './compiler.js';
import { ensureInstall } from './install.js';
import type { Say } from './say.js';

/** What to link the kernels with. */
export interface KernelBuild {
  /** Name of the binding's install; the kernels go beside it. */
  readonly bindingInstall: string;
  /** Holds `libtensorflow_cc.so.2` and `libtensorflow_framework.so.2`. */
  readonly tensorflow: string;
  /** The same folder as the finished library will find it, for its run path. */
  readonly runPath: string;
}

/** Compiles the kernels if they are not there. Never throws: without them programs run unfused. */
export async function ensureKernels(home: string, build: KernelBuild, say: Say): Promise<void> {
  try {
    await ensureInstall(
      home,
      {
        name: kernelInstallName(build.bindingInstall),
        fill: async (folder, scratch) => {
          const what = 'the fused CPU kernels';
          const compilation = { what, arguments: kernelArguments(build, join(folder, kernelFile)), scratch };
          const failure = await compileWithAny(compilation, say);
          if (failure !== undefined) throw new DistilleryError('SetupFailed', failure);
        },
      },
      say,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`there will be no fused CPU kernels (${reason}); everything runs without them, only slower`);
  }
}

function kernelArguments(build: KernelBuild, output: string): string[] {
  return [
    // The compiler may fuse a product and a sum that are written as one expression, the same on every machine.
    ...'-O3 -std=c++17 -fPIC -shared -pthread -w -fno-math-errno -ffp-contract=fast'.split(' '),
    ...'-DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION'.split(' '),
    ...['-I', nodeHeaders()],
    ...kernelSources().units,
    ...['-o', output],
    join(build.tensorflow, 'libtensorflow_cc.so.2'),
    join(build.tensorflow, 'libtensorflow_framework.so.2'),
    `-Wl,-rpath,${build.runPath}`,
  ];
}
