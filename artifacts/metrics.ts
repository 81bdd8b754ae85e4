/**
 * @file `metrics.jsonl`: one JSON object a line for every iteration of a distillation.
 */
import { DistilleryError } from '../errors/errors.js';

/** What is known of one iteration; further numbers may stand beside these. */
export interface IterationMetrics {
  /** From 1: the number of iterations done. */
  readonly iteration: number;
  readonly loss: number;
  /** After the update. */
  readonly learnedRate: number;
  readonly [name: string]: number;
}

export const metricsMediaType = 'application/jsonl';

export function encodeMetrics(rows: readonly IterationMetrics[]): Uint8Array {
  return new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** @throws DistilleryError `Corrupt`, naming the line. */
export function decodeMetrics(bytes: Uint8Array): IterationMetrics[] {
  const lines = new TextDecoder().decode(bytes).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, index) => {
    try {
      const row: unknown = JSON.parse(line);
      if (isMetrics(row)) return row;
    } catch {
      // Said below.
    }
    throw new DistilleryError(
      'Corrupt',
      `metrics.jsonl, line ${index + 1}: not a row of metrics. Fetch the file again.`,
    );
  });
}

function isMetrics(row: unknown): row is IterationMetrics {
  if (typeof row !== 'object' || row === null) return false;
  if (!('iteration' in row && 'loss' in row && 'learnedRate' in row)) return false;
  return Object.values(row).every((value) => typeof value === 'number');
}
