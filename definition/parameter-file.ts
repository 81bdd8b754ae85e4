/**
 * @file A file with values of parameters: a mapping of names to texts, numbers, true or false.
 */
import { Issues, shown } from './issues.js';
import type { ParameterValue, ParameterValues } from './parameters.js';
import { readYaml } from './yaml-document.js';

/**
 * Reads YAML or JSON. Which parameters there are and what they take is checked with the definition.
 *
 * @param name - what messages call the file
 * @throws DefinitionError
 */
export function parseParameterFile(text: string, name: string): ParameterValues {
  const issues = new Issues(name);
  const value = readYaml(text, issues)?.value;
  issues.throwIfAny();
  if (typeof value !== 'object' || Array.isArray(value)) {
    issues.add('parameter', [], 'a parameter file is a mapping, such as "ipc: 10"');
    throw issues.error();
  }
  const entries = Object.entries(value ?? {}) as [string, unknown][];
  const values = entries.flatMap(([key, item]): [string, ParameterValue][] => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
      return [[key, item]];
    issues.add('parameter', [key], `${shown(key)} takes a text, a number, true or false`);
    return [];
  });
  issues.throwIfAny();
  return Object.fromEntries(values);
}
