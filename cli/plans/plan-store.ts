/**
 * @file What of a plan is in the store already, for `distillery plan`: asked for, put into words.
 */
import type { Plan } from '../../definition/plan.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';
import type { StoredStages } from './stored-stages.js';

export type PlanStore =
  { readonly stored: StoredStages } | { /** Why it is not known. */ readonly unknown: string };

/** Looks into the store that is configured or running. One that is not there is no error, only said. */
export async function lookIntoStore(
  context: CommandContext,
  plan: Plan,
  definition: Uint8Array,
): Promise<PlanStore> {
  const environment = serversOf(context);
  if ((environment['S3_ENDPOINT'] ?? '') === '') {
    return {
      unknown:
        'No store is configured or running, so what is there already is not known: start one with ' +
        '`distillery up`, or set S3_ENDPOINT.',
    };
  }
  const { openStore } = await import('../../artifacts/s3-store.js');
  const { storedStages } = await import('./stored-stages.js');
  try {
    const store = await openStore({ ...environment }, { readOnly: true });
    return { stored: await storedStages(store, plan, definition) };
  } catch (error) {
    if (!(error instanceof DistilleryError) || error.code === 'InvalidDefinition') throw error;
    return { unknown: `What is there already is not known: ${error.message}` };
  }
}

/** `2 of 4 stages are in the store …: experts, distill.` */
export function storeLines(look: PlanStore): string[] {
  if ('unknown' in look) return [printable(look.unknown)];
  const { location, hasDataset, stages } = look.stored;
  if (!hasDataset) return [`Nothing is in ${printable(location)} yet, not even the data set.`];
  const there = stages.filter(({ found }) => found !== undefined).map(({ stage }) => printable(stage.id));
  const count = `${there.length === 0 ? 'None' : there.length} of ${stages.length} stages`;
  const named = there.length === 0 || there.length > 12 ? '' : `: ${there.join(', ')}`;
  const verb = there.length === 1 ? 'is' : 'are';
  return [`${count} ${verb} in ${printable(location)} already${named}.`];
}

/** `there`, `2/3` of the cells of a matrix, or nothing; `id` is that of the definition, and may have a remark. */
export function storeWord(look: PlanStore, id: string): string {
  if ('unknown' in look) return '';
  const name = id.replace(/ \(.*$/, '');
  const own = look.stored.stages.filter(({ stage }) => (stage.matrix?.of ?? stage.id) === name);
  const there = own.filter(({ found }) => found !== undefined).length;
  if (there === 0) return '-';
  return there === own.length ? 'there' : `${there}/${own.length}`;
}

/** For machines: the key of each stage, where it is known before anything runs. */
export function storeJson(look: PlanStore): object {
  if ('unknown' in look) return { store: null };
  const { location, hasDataset, stages } = look.stored;
  const state = stages.map(({ stage, key, isKnown, found }) => ({
    id: stage.id,
    there: found !== undefined,
    ...(isKnown && { key }),
  }));
  return { store: { location, hasDataset, stages: state } };
}
