/**
 * @file Definitions as they are written, with less work: what a test cannot wait for is brought down, all else stays.
 */
import { parse } from 'yaml';

/** The most of each number in a definition, wherever it stands. Parameters and matrices are left to whoever starts it. */
const most: Readonly<Record<string, number>> = {
  limit: 120,
  holdout: 20,
  width: 8,
  count: 2,
  batchSize: 64,
  batchReal: 32,
  iterations: 2,
  every: 2,
  runs: 2,
  epochs: 1,
  synSteps: 3,
  of: 5,
};

/** Start epochs and the epochs to follow have to fit into those of the experts. */
const kept = 'train-experts';

/**
 * The definition as an object.
 *
 * @param others limits in place of the usual ones, by name
 */
export function reduced(text: string, others: Readonly<Record<string, number>> = {}): object {
  return reduce(parse(text), { ...most, ...others }) as object;
}

function reduce(value: unknown, limits: typeof most, uses?: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => reduce(item, limits, uses));
  if (typeof value !== 'object' || value === null) return value;
  const type = (value as { uses?: unknown }).uses ?? uses;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (key === 'params' || key === 'matrix') return [key, item];
      const limit = key === 'epochs' && type === kept ? undefined : limits[key];
      if (typeof item === 'number' && limit !== undefined) return [key, Math.min(item, limit)];
      return [key, reduce(item, limits, type)];
    }),
  );
}
