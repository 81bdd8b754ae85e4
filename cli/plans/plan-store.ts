/**
 * @file What of a plan is in the store already, for `distillery plan`: asked for, put into words.
 */
import type { KnownDataset } from '../../definition/index.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, serversOf } from '../command-context.js';
import type { DefinitionFile } from '../definition-file.js';
import { printable } from '../terminal/escape.js';
import type { StoredStages } from './stored-stages.js';

export type PlanStore =
  { readonly stored: StoredStages } | { /** Why it is not known. */ readonly unknown: string };

export interface Looked {
  readonly look: PlanStore;
  /** Compiled with what the store knows of its data set. */
  readonly definition: DefinitionFile;
  /** The data set, where it is in the store. */
  readonly dataset?: KnownDataset;
}

/**
 * Looks into the store that is configured or running. One that is not there is no error, only said.
 *
 * @param compiled without a store
 * @param again compiles once more, with the data set that is in the store
 */
export async function lookIntoStore(
  context: CommandContext,
  compiled: DefinitionFile,
  again: (dataset: KnownDataset) => Promise<DefinitionFile>,
): Promise<Looked> {
  const environment = serversOf(context);
  if ((environment['S3_ENDPOINT'] ?? '') === '') {
    const unknown =
      'No store is configured or running, so what is there already is not known: start one with ' +
      '`distillery up`, or set S3_ENDPOINT.';
    return { look: { unknown }, definition: compiled };
  }
  const { openStore } = await import('../../artifacts/s3-store.js');
  const { storedDataset } = await import('./stored-dataset.js');
  const { storedStages } = await import('./stored-stages.js');
  try {
    const store = await openStore({ ...environment }, { readOnly: true });
    const dataset = await storedDataset(store, compiled.plan);
    const definition = dataset === undefined ? compiled : await again(dataset);
    const stored = await storedStages(store, definition.plan, definition.bytes);
    return { look: { stored }, definition, ...(dataset && { dataset }) };
  } catch (error) {
    if (!(error instanceof DistilleryError) || error.code === 'InvalidDefinition') throw error;
    const unknown = `What is there already is not known: ${error.message}`;
    return { look: { unknown }, definition: compiled };
  }
}

/** `2 of 4 stages are in the store …: experts, distill.` */
export function storeLines(look: PlanStore): string[] {
  if ('unknown' in look) return [printable(look.unknown)];
  const { location, hasDataset, stages } = look.stored;
  if (!hasDataset) return [`Nothing is in ${printable(location)} yet, not even the data set.`];
  const there = stages.filter(({ found }) => found !== undefined).map(({ stage }) => printable(stage.id));
  const skipped = stages.flatMap(({ stage, skipped: reason }) => (reason === undefined ? [] : [stage.id]));
  const count = `${there.length === 0 ? 'None' : there.length} of ${stages.length - skipped.length} stages`;
  const named = there.length === 0 || there.length > 12 ? '' : `: ${there.join(', ')}`;
  const verb = there.length === 1 ? 'is' : 'are';
  return [`${count} ${verb} in ${printable(location)} already${named}.`, ...skippedLines(skipped)];
}

function skippedLines(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const named = ids.length > 12 ? `${ids.length} stages` : ids.map(printable).join(', ');
  return [`Skipped, as a condition (when) does not hold: ${named}.`];
}

/** `there`, `skipped`, `2/3` of the cells of a matrix, or nothing; `id` is that of the definition, and may have a remark. */
export function storeWord(look: PlanStore, id: string): string {
  if ('unknown' in look) return '';
  const name = id.replace(/ \(.*$/, '');
  const all = look.stored.stages.filter(({ stage }) => (stage.matrix?.of ?? stage.id) === name);
  const own = all.filter(({ skipped }) => skipped === undefined);
  if (own.length < all.length && own.length === 0) return 'skipped';
  const there = own.filter(({ found }) => found !== undefined).length;
  if (there === 0) return '-';
  return there === own.length ? 'there' : `${there}/${own.length}`;
}

/** For machines: the key of each stage, where it is known before anything runs. */
export function storeJson(look: PlanStore): object {
  if ('unknown' in look) return { store: null };
  const { location, hasDataset, stages } = look.stored;
  const state = stages.map(({ stage, key, isKnown, skipped, found }) => ({
    id: stage.id,
    there: found !== undefined,
    ...(skipped !== undefined && { skipped }),
    ...(isKnown && { key }),
  }));
  return { store: { location, hasDataset, stages: state } };
}
