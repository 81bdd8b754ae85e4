/**
 * @file What to say about a type of stage that is not known: often the prefix is missing, or the module that
 * defines it was not given.
 */
import { customUses, isCustomUses, type StageTypes } from './custom-stages.js';
import { shown } from './issues.js';
import { builtinTypes } from './outputs.js';
import { closest, didYouMean } from './suggest.js';

/** The message; undefined where the list of the types says all there is to say. */
export function unknownCustomType(uses: string, types: StageTypes): string | undefined {
  const added = [...types.keys()].map(customUses);
  const meant = didYouMean(uses, [...builtinTypes, ...added]);
  if (isCustomUses(uses)) {
    const known = added.length === 0 ? 'none was added' : `there are: ${added.join(', ')}`;
    return (
      `there is no type of stage ${shown(uses)} here${meant || `; ${known}`}. ` +
      'The module that defines one is given by --stages FILE or in DISTILLERY_STAGES, also to the workers'
    );
  }
  if (closest(uses, builtinTypes) !== undefined) return undefined;
  const own = closest(uses, types.keys());
  return own === undefined
    ? undefined
    : `there is no type of stage ${shown(uses)}; did you mean "${customUses(own)}"?`;
}
