/**
 * @file TensorFlow's eager C API as the native binding of tfjs-node-gpu offers it, and loading it.
 */
import { createRequire } from 'node:module';
import { DistilleryError } from '../errors/errors.js';
import { loadRemedy } from './cuda.js';

/** An attribute of a TensorFlow operation; `type` is one of the binding's `TF_ATTR_*`. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** The part of the binding that we use. Tensors are numbers until deleted. */
export interface TensorflowBinding {
  /** Does not copy: TensorFlow reads the array itself, so nobody may write to it again. */
  createTensor(shape: readonly number[], type: number, data: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  /** Copies. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): { readonly id: number; readonly shape: readonly number[] }[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
}

/** tfjs-node 4.22 calls two functions of `node:util` that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

/**
 * Loads TensorFlow; a second call returns the same binding.
 * @throws DistilleryError `EngineUnavailable` if the package or its native part is missing or does not load.
 */
export async function loadTensorflow(): Promise<TensorflowBinding> {
  restoreRemovedUtilities();
  // An optional peer: not a literal import, so that distillery type-checks and loads without it.
  const packageName: string = '@tensorflow/tfjs-node-gpu';
  try {
    const tf = (await import(packageName)) as { backend(): { binding?: TensorflowBinding } };
    const { binding } = tf.backend();
    if (binding !== undefined) return binding;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new DistilleryError(
      'EngineUnavailable',
      `TensorFlow does not load (${packageName}): ${reason}. ${loadRemedy(reason)}`,
      { cause: error },
    );
  }
  throw new DistilleryError(
    'EngineUnavailable',
    `${packageName} has loaded without its native backend. Run \`distillery engine install\`.`,
  );
}
