/**
 * @file Runs golden cases through the product's own code paths and says how far each output is from its value.
 */
import { DistilleryError } from '../../errors/errors.js';
import { architectures, buildNetwork } from '../../networks/registry.js';
import type { ImageShape, NetworkSpec } from '../../networks/spec.js';
import type { Device } from '../../tensor/device.js';
import { createNetworkPrograms } from '../compile-programs.js';
import type { NetworkPrograms } from '../network-programs.js';
import { runAugmentationCase } from './augmentation-case.js';
import type { Comparison } from './comparison.js';
import { readCases, readExpected, type Expected, type GoldenCase } from './folder.js';
import { runNetworkCase } from './network-case.js';
import { runSgdCase, SGD_INPUT } from './sgd-case.js';
import { runTrajectoryCase } from './trajectory-case.js';
import { runZcaCase } from './zca-case.js';

/** One line of the table: an output of a case, or the whole case when it could not run. */
export interface VerifyRow {
  readonly case: string;
  /** `-` when the case as a whole did not run. */
  readonly tensor: string;
  /** `|ours - golden| / |golden|`; absent when there is no output to compare. */
  readonly relativeError?: number;
  readonly tolerance?: number;
  readonly status: 'pass' | 'fail' | 'unsupported';
  /** Why it is unsupported, or the error it failed with. */
  readonly reason?: string;
}

export interface VerifyOptions {
  /** Which cases run, by name. All by default. */
  readonly filter?: (name: string) => boolean;
  /** Told each row as it is known. */
  readonly onRow?: (row: VerifyRow) => void;
}

/**
 * Runs every case of a golden folder, in the order of `golden.json`. A case of an architecture that is not built
 * yet is `unsupported`; every other problem is `fail`.
 *
 * @throws DistilleryError `InvalidDataset` when the folder is not one of golden cases or none matches
 */
export async function verifyGolden(
  directory: string,
  device: Device,
  { filter = () => true, onRow = () => undefined }: VerifyOptions = {},
): Promise<VerifyRow[]> {
  const cases = [...(await readCases(directory))].filter(([name]) => filter(name));
  if (cases.length === 0)
    throw new DistilleryError('InvalidDataset', `No golden case in ${directory} has such a name.`);
  const rows: VerifyRow[] = [];
  for (const [name, golden] of cases)
    for (const row of await verifyCase(directory, name, golden, device)) {
      rows.push(row);
      onRow(row);
    }
  return rows;
}

async function verifyCase(
  directory: string,
  name: string,
  golden: GoldenCase,
  device: Device,
): Promise<VerifyRow[]> {
  if ('spec' in golden && !isBuildable(golden.spec)) {
    const reason = `no ${golden.spec.architecture} yet`;
    return [{ case: name, tensor: '-', status: 'unsupported', reason }];
  }
  try {
    const expected = await readExpected(directory, name);
    const programs: ProgramsFor = (spec, input, classes) => {
      // What a case leaves out is as in the paper.
      const complete = { norm: 'instance', ...spec };
      if (!isBuildable(complete)) throw new Error(`${spec.architecture} cannot be built`);
      return createNetworkPrograms(buildNetwork(complete, input, classes), device);
    };
    return runCase(golden, expected, programs).map((comparison) => ({
      case: name,
      ...comparison,
      status: comparison.relativeError < comparison.tolerance ? 'pass' : 'fail',
    }));
  } catch (error) {
    return [{ case: name, tensor: '-', status: 'fail', reason: String(error) }];
  }
}

type GoldenSpec = { readonly architecture: string };
type ProgramsFor = (spec: GoldenSpec, input: ImageShape, classes: number) => NetworkPrograms;

/** The options are left to the builder, which refuses those that do not fit. */
function isBuildable(spec: GoldenSpec): spec is NetworkSpec {
  return architectures.some((architecture) => architecture === spec.architecture);
}

function runCase(golden: GoldenCase, expected: Expected, programs: ProgramsFor): Comparison[] {
  switch (golden.kind) {
    case 'augmentation':
      return runAugmentationCase(golden, expected);
    case 'zca':
      return runZcaCase(golden, expected);
    case 'network': {
      const [, channels, height, width] = golden.input.shape;
      const input = { channels, height, width };
      return runNetworkCase(golden, expected, programs(golden.spec, input, golden.classes));
    }
    case 'trajectory-gradient': {
      const [height, width] = golden.size;
      const input = { channels: golden.channels, height, width };
      return runTrajectoryCase(golden, expected, programs(golden.spec, input, golden.classes));
    }
    case 'sgd':
      return runSgdCase(golden, expected, programs(golden.spec, SGD_INPUT.shape, SGD_INPUT.classes));
  }
}
