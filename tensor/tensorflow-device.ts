/**
 * @file The executor of record: runs programs on TensorFlow, on a CPU or a CUDA device, one raw operation
 * after the other, and lets go of every value after its last use.
 */
import { availableParallelism, cpus } from 'node:os';
import type { EngineInfo } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { Device, DeviceTensor } from './device.js';
import { describeNode } from './graph.js';
import { fuse, unfused } from './fusion/fuse.js';
import type { FusedStep } from './fusion/fuse.js';
import { driverVersion, whyNoGpu } from './cuda.js';
import { deviceVariable } from './environment.js';
import { kernelCall, regionCall } from './kernel-operations.js';
import { loadKernels } from './kernels.js';
import type { Program } from './program.js';
import { formatShape, sameShape, sizeOf } from './shape.js';
import { loadTensorflow } from './tensorflow-binding.js';
import type { OperationAttribute, TensorflowBinding } from './tensorflow-binding.js';
import { tensorflowCall } from './tensorflow-operations.js';
import type { SmallTensor, TensorflowCall } from './tensorflow-operations.js';

/** A call with everything worked out but the tensors. */
interface PreparedCall {
  readonly name: string;
  readonly attributes: readonly OperationAttribute[];
  /** For each argument a slot, a small tensor as `-1 - id`, or a call to make first. */
  readonly arguments: readonly (number | PreparedCall)[];
}

interface PreparedStep {
  readonly step: FusedStep;
  readonly call: PreparedCall;
}

function engineInfo(binding: TensorflowBinding, kernels: string | undefined): EngineInfo {
  const gpu = binding.isUsingGpuDevice();
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0);
  return {
    name: `tensorflow ${binding.TF_Version} ${gpu ? 'gpu' : 'cpu'}`,
    oneDnn: process.env['TF_ENABLE_ONEDNN_OPTS'] === '1',
    threads: threads > 0 ? threads : availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    device: gpu ? 'gpu:0' : 'cpu',
    ...(kernels === undefined ? {} : { kernels }),
  };
}

class TensorflowDevice implements Device {
  readonly info: EngineInfo;
  readonly #prepared = new WeakMap<Program, readonly PreparedStep[]>();
  /** Shapes, axes and factors by value: few, tiny, and kept for good. */
  readonly #smallTensors = new Map<string, number>();
  readonly #held = new Set<number>();

  constructor(
    private readonly binding: TensorflowBinding,
    private readonly kernels: string | undefined,
  ) {
    this.info = engineInfo(binding, kernels);
  }

  /** Counted by the binding, so that a value a program failed to let go of would show. */
  get liveTensors(): number {
    return this.binding.getNumOfTensors() - this.#smallTensors.size;
  }

  upload(data: Float32Array, shape: readonly number[]): DeviceTensor {
    if (data.length !== sizeOf(shape)) {
      throw new DistilleryError(
        'InvalidDefinition',
        `cannot upload ${data.length} values as a tensor of shape ${formatShape(shape)}`,
      );
    }
    // The binding shares the array's memory with TensorFlow; the caller keeps its own.
    return this.#hold(this.binding.createTensor(shape, this.binding.TF_FLOAT, data.slice()), shape);
  }

  download(tensor: DeviceTensor): Float32Array {
    return this.binding.tensorDataSync(this.#idOf(tensor)) as Float32Array;
  }

  release(...tensors: readonly DeviceTensor[]): void {
    for (const tensor of tensors) {
      const id = this.#idOf(tensor);
      this.#held.delete(id);
      this.binding.deleteTensor(id);
    }
  }

  run(program: Program, inputs: Readonly<Record<string, DeviceTensor>>): DeviceTensor[] {
    const values = new Array<number>(program.slots).fill(-1);
    for (const { name, shape, slot } of program.inputs) {
      const tensor = inputs[name];
      if (tensor === undefined || !sameShape(tensor.shape, shape)) {
        const given = tensor === undefined ? 'is not given' : `has shape ${formatShape(tensor.shape)}`;
        throw new DistilleryError(
          'InvalidDefinition',
          `input "${name}" ${given}; the program takes ${formatShape(shape)}`,
        );
      }
      values[slot] = this.#idOf(tensor);
    }
    const live = new Set<number>();
    try {
      for (const prepared of this.#prepare(program)) {
        this.#execute(prepared, values).forEach((result, index) => {
          values[prepared.step.results[index] ?? -1] = result;
          live.add(result);
        });
        for (const slot of prepared.step.releases) {
          const id = values[slot] ?? -1;
          live.delete(id);
          this.binding.deleteTensor(id);
        }
      }
      return program.outputs.map(({ slot, shape }) => {
        const id = values[slot] ?? -1;
        // An input or a repeated output gets a handle of its own.
        const [own = -1] = live.delete(id) ? [id] : this.#call('Identity', [], [id], 1);
        return this.#hold(own, shape);
      });
    } catch (error) {
      for (const id of live) this.binding.deleteTensor(id);
      throw error;
    }
  }

  #hold(id: number, shape: readonly number[]): DeviceTensor {
    this.#held.add(id);
    return { shape, handle: id };
  }

  #idOf(tensor: DeviceTensor): number {
    const id = tensor.handle;
    if (typeof id !== 'number' || !this.#held.has(id)) {
      throw new Error('this tensor has been released or belongs to another device');
    }
    return id;
  }

  #execute({ step, call }: PreparedStep, values: readonly number[]): number[] {
    try {
      return this.#evaluate(call, values, step.results.length);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DistilleryError(
        'ComputeFailed',
        `TensorFlow failed in ${call.name} (${step.nodes.map(describeNode).join(', ')}): ${reason}`,
        { cause: error },
      );
    }
  }

  #evaluate(
    { name, attributes, arguments: operands }: PreparedCall,
    values: readonly number[],
    results: number,
  ): number[] {
    const inner: number[] = [];
    try {
      const ids = operands.map((operand) => {
        if (typeof operand === 'number') return operand >= 0 ? (values[operand] ?? -1) : -1 - operand;
        const [id = -1] = this.#evaluate(operand, values, 1);
        inner.push(id);
        return id;
      });
      return this.#call(name, attributes, ids, results);
    } finally {
      for (const id of inner) this.binding.deleteTensor(id);
    }
  }

  #call(
    name: string,
    attributes: readonly OperationAttribute[],
    ids: readonly number[],
    count: number,
  ): number[] {
    const results = this.binding.executeOp(name, attributes, ids, count);
    if (results.length !== count)
      throw new Error(`${name} has returned ${results.length} of ${count} tensors`);
    return results.map(({ id }) => id);
  }

  #prepare(program: Program): readonly PreparedStep[] {
    const known = this.#prepared.get(program);
    if (known !== undefined) return known;
    const steps = this.kernels === undefined ? unfused(program) : fuse(program);
    const prepared = steps.map((step) => ({ step, call: this.#prepareCall(this.#callFor(step), step) }));
    this.#prepared.set(program, prepared);
    return prepared;
  }

  #callFor({ nodes, inputs, region }: FusedStep): TensorflowCall {
    if (region !== undefined) return regionCall(this.binding, region, inputs.length, nodes.length);
    const [node] = nodes;
    if (node === undefined) throw new Error('a step without a node');
    const own = this.kernels === undefined ? undefined : kernelCall(this.binding, node);
    return own ?? tensorflowCall(this.binding, node);
  }

  #prepareCall({ name, attributes, arguments: operands }: TensorflowCall, step: FusedStep): PreparedCall {
    return {
      name,
      attributes,
      arguments: operands.map((operand) => {
        if (typeof operand === 'number') return step.inputs[operand] ?? -1;
        return 'name' in operand ? this.#prepareCall(operand, step) : -1 - this.#smallTensor(operand);
      }),
    };
  }

  #smallTensor(tensor: SmallTensor): number {
    const key = JSON.stringify(tensor);
    const known = this.#smallTensors.get(key);
    if (known !== undefined) return known;
    const { binding } = this;
    const id =
      tensor.type === 'int32'
        ? binding.createTensor(tensor.shape, binding.TF_INT32, Int32Array.from(tensor.values))
        : binding.createTensor([], binding.TF_FLOAT, Float32Array.of(tensor.value));
    this.#smallTensors.set(key, id);
    return id;
  }
}

/**
 * Opens TensorFlow in this process. Set `engineEnvironment` before the process starts.
 *
 * @param options.fused - Whether to use the fused CPU kernels where they are at hand. Default: unless
 * `DISTILLERY_KERNELS` is `off`.
 * @throws DistilleryError `EngineUnavailable` if TensorFlow is missing, does not load, or does not see the CUDA
 * device that this process was given.
 */
export async function openTensorflowDevice(options: { readonly fused?: boolean } = {}): Promise<Device> {
  const binding = await loadTensorflow();
  const wanted = process.env[deviceVariable] ?? '';
  if (wanted !== '' && !binding.isUsingGpuDevice())
    throw new DistilleryError(
      'EngineUnavailable',
      `TensorFlow does not see the CUDA device ${wanted}: ${whyNoGpu(driverVersion(), binding.TF_Version)}.`,
    );
  const fused = options.fused ?? process.env['DISTILLERY_KERNELS'] !== 'off';
  return new TensorflowDevice(binding, fused ? loadKernels(binding) : undefined);
}
