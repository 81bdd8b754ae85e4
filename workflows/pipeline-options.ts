/**
 * @file What the second argument of a pipeline may be. Any client may send anything, and an error that is no
 * failure would leave the run waiting for a worker that understands it.
 */
import { didYouMean } from '../definition/suggest.js';
import type { PipelineOptions } from '../definition/stages.js';
import { finalFailure } from './failures.js';

const kinds: Readonly<
  Record<keyof PipelineOptions, { expected: string; fits: (value: unknown) => boolean }>
> = {
  params: {
    expected: 'a mapping of parameters to their values',
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  },
  cache: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  recompute: {
    expected: 'a list of stages',
    fits: (value) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  },
};

/**
 * The options as they were sent; what is null is not given. The values of parameters are for the compiler to check.
 *
 * @throws ApplicationFailure `InvalidDefinition`
 */
export function checkedOptions(options: unknown): PipelineOptions {
  if (options === undefined || options === null) return {};
  const wrong = (reason: string) =>
    finalFailure('InvalidDefinition', `the options of the pipeline, its second argument: ${reason}`);
  if (typeof options !== 'object' || Array.isArray(options))
    throw wrong('expected a mapping, such as {"params": {"ipc": 10}}');
  const known = Object.keys(kinds);
  const given = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  for (const [key, value] of given) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key as keyof PipelineOptions] : undefined;
    if (kind === undefined)
      throw wrong(
        `unknown key ${JSON.stringify(key.slice(0, 80))}${didYouMean(key, known) || `; permitted: ${known.join(', ')}`}`,
      );
    if (!kind.fits(value)) throw wrong(`"${key}" is ${kind.expected}`);
  }
  return Object.fromEntries(given);
}
