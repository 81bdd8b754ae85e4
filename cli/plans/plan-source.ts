/**
 * @file Either a definition in a file or a run that Temporal knows: what `diff` and `graph` are given.
 */
import { existsSync } from 'node:fs';

import { sha256 } from '../../artifacts/digest.js';
import type { Plan } from '../../definition/plan.js';
import type { ParameterValues, StageSignature } from '../../definition/index.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, serversOf } from '../command-context.js';

export interface PlanSource {
  /** As it was given. */
  readonly name: string;
  readonly kind: 'file' | 'run';
  readonly plan: Plan;
  /** Digest of the text that was or would be sent. */
  readonly definition: string;
}

/** Files are told from runs by being there, or by their ending. */
function isFile(name: string): boolean {
  return existsSync(name) || /\.(ya?ml|json)$/i.test(name);
}

/** @throws DistilleryError `InvalidDefinition` when there is neither such a file nor such a run */
export async function planSource(
  context: CommandContext,
  name: string,
  params: ParameterValues,
  types: readonly StageSignature[] = [],
): Promise<PlanSource> {
  return isFile(name) ? sourceFromFile(name, params, types) : sourceFromRun(context, name, params);
}

async function sourceFromFile(
  name: string,
  params: ParameterValues,
  types: readonly StageSignature[],
): Promise<PlanSource> {
  const { loadDefinition } = await import('../definition-file.js');
  const { bytes, plan } = await loadDefinition(name, params, types);
  return { name, kind: 'file', plan, definition: sha256(bytes) };
}

async function sourceFromRun(
  context: CommandContext,
  name: string,
  params: ParameterValues,
): Promise<PlanSource> {
  if (Object.keys(params).length > 0) {
    throw new DistilleryError(
      'InvalidDefinition',
      `"${name}" is a run and has its parameters already; --param is for a file.`,
    );
  }
  const { connectTemporal } = await import('../temporal/connect.js');
  const { readRun } = await import('../runs/run-record.js');
  const { definitionBytes } = await import('../../activities/compile-definition.js');
  const temporal = await connectTemporal(serversOf(context));
  try {
    const { plan, definition } = await readRun(temporal.client, name);
    if (plan === undefined) {
      throw new DistilleryError(
        'InvalidDefinition',
        `The definition of the run "${name}" has not been compiled, so there is nothing to compare.`,
      );
    }
    return { name, kind: 'run', plan, definition: sha256(definitionBytes(definition)) };
  } finally {
    await temporal.close();
  }
}
