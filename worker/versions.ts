/**
 * @file The versions that a result says it was made with.
 */
import { createRequire } from 'node:module';

/** By name; TensorFlow's own version is part of the engine that each stage records. */
export function versions(): Record<string, string> {
  return {
    distillery: versionOf('distillery/package.json'),
    node: process.versions.node,
    temporal: versionOf('@temporalio/worker/package.json'),
  };
}

function versionOf(manifest: string): string {
  // `distillery` resolves to itself through its own `exports`.
  const loaded: unknown = createRequire(import.meta.url)(manifest);
  const version =
    typeof loaded === 'object' && loaded !== null && 'version' in loaded ? loaded.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
