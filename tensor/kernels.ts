/**
 * @file Loading the fused CPU kernels. They are optional: without them programs run unfused.
 */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { kernelDigest, kernelPath } from '../kernels/library.js';
import type { TensorflowBinding } from './tensorflow-binding.js';

/**
 * Registers the kernels' operations with the TensorFlow that `binding` has loaded.
 *
 * @returns Their version, or undefined where they are not compiled or of no use: on a GPU, or with a TensorFlow
 * that is not ours.
 */
export function loadKernels(binding: TensorflowBinding): string | undefined {
  if (binding.isUsingGpuDevice()) return undefined;
  const require = createRequire(import.meta.url);
  try {
    const native = require.resolve('@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');
    const library = kernelPath(realpathSync(native));
    if (!existsSync(library)) return undefined;
    // Another compiler may add and multiply in another order.
    const { compiler } = require(library) as { readonly compiler: string };
    return `${kernelDigest()}, ${compiler.trim()}`;
  } catch {
    // Compiled for other libraries than those at hand.
    return undefined;
  }
}
