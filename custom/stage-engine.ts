/**
 * @file The engine as a stage of a user's own type is given it.
 */
import { compile } from '../tensor/program.js';
import type { Device, DeviceTensor } from '../tensor/device.js';
import { GraphBuilder } from '../tensor/graph.js';
import { sizeOf } from '../tensor/shape.js';
import { DistilleryError } from '../errors/errors.js';
import type { StageEngine, StageNetwork } from './stage-context.js';

/** @param network makes the steps of the run's network when they are first asked for */
export function stageEngine(device: Device, network: () => Promise<StageNetwork>): StageEngine {
  return {
    info: device.info,
    compile(build) {
      const program = compile(build(new GraphBuilder()));
      return (given) => {
        const tensors: DeviceTensor[] = [];
        try {
          const inputs = program.inputs.map(({ name, shape }) => {
            const data = given[name];
            if (data?.length !== sizeOf(shape)) throw unfitting(name, shape, data);
            const tensor = device.upload(data, shape);
            tensors.push(tensor);
            return [name, tensor] as const;
          });
          const outputs = device.run(program, Object.fromEntries(inputs));
          tensors.push(...outputs);
          return outputs.map((output) => device.download(output));
        } finally {
          device.release(...tensors);
        }
      };
    },
    network,
  };
}

function unfitting(name: string, shape: readonly number[], data: Float32Array | undefined): DistilleryError {
  const found = data === undefined ? 'nothing' : `${data.length} values`;
  return new DistilleryError(
    'InvalidDefinition',
    `The input "${name}" of the computation has the shape [${shape.join(',')}] and takes ${sizeOf(shape)} values; it was given ${found}.`,
  );
}
