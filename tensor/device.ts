/**
 * @file The interface of an executor: something that holds tensors and runs compiled graphs.
 */
import type { EngineInfo } from '../definition/stages.js';
import type { Program } from './program.js';

/** A float32 tensor held by a device until it is released. */
export interface DeviceTensor {
  readonly shape: readonly number[];
  /** Opaque to everyone but the device. */
  readonly handle: unknown;
}

export interface Device {
  readonly info: EngineInfo;
  upload(data: Float32Array, shape: readonly number[]): DeviceTensor;
  /** Copies out, in row-major order. */
  download(tensor: DeviceTensor): Float32Array;
  release(...tensors: readonly DeviceTensor[]): void;
  /**
   * Runs a program. Inputs by name, as the graph declared them; they stay owned by the caller. The
   * outputs, in the program's order, are new tensors that the caller releases.
   */
  run(program: Program, inputs: Readonly<Record<string, DeviceTensor>>): DeviceTensor[];
  /** Tensors now held, for leak tests. */
  readonly liveTensors: number;
}
