/**
 * @file Which servers a command talks to: the user's own, else those that `distillery up` runs.
 */
import type { ServicesState } from './state-file.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that says whose servers they are, for each group of variables. */
const groups = [
  {
    prefixes: ['TEMPORAL_'],
    deciding: ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'],
  },
  { prefixes: ['S3_', 'AWS_'], deciding: ['S3_ENDPOINT'] },
] as const;

/**
 * Fills in what the user has not said. A group is taken as a whole or not at all: the address of one
 * server with the credentials of another helps nobody.
 */
export function clientEnvironment(own: Environment, running: ServicesState | undefined): Environment {
  if (running === undefined) return own;
  const merged: Record<string, string | undefined> = { ...own };
  for (const { prefixes, deciding } of groups) {
    if (deciding.some((name) => (own[name] ?? '') !== '')) continue;
    for (const [name, value] of Object.entries(running.environment))
      if (prefixes.some((prefix) => name.startsWith(prefix))) merged[name] = value;
  }
  return merged;
}
