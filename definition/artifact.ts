/**
 * @file How an artifact is told from the plain values beside which it stands in an output.
 */
import type { Reference } from '../artifacts/reference.js';

export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && 'key' in value && 'sha256' in value;
}
