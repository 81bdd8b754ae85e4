/**
 * @file Finds the references in a stored document, whatever its form: what garbage collection must keep has to
 * be seen in documents of other versions too.
 */
import type { Reference } from './reference.js';

/** Every reference anywhere in a parsed JSON document. */
export function* referencesIn(document: unknown): Generator<Reference> {
  if (typeof document !== 'object' || document === null) return;
  if (isReference(document)) yield document;
  for (const part of Object.values(document)) yield* referencesIn(part);
}

function isReference(value: object): value is Reference {
  const fields = value as Partial<Record<keyof Reference, unknown>>;
  return (
    typeof fields.key === 'string' &&
    typeof fields.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(fields.sha256) &&
    typeof fields.bytes === 'number'
  );
}
