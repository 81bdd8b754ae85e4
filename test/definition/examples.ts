/**
 * @file A small definition that compiles, and how tests make mistakes in it.
 */
import assert from 'node:assert/strict';
import {
  compile,
  type CompileOptions,
  DefinitionError,
  type DefinitionIssue,
} from '../../definition/index.js';

/** Line 1 is `name: example`. */
export const example = `name: example
params:
  ipc: { type: integer, default: 1, minimum: 1, maximum: 50 }
seed: 7
dataset: { source: fashion-mnist, limit: 1000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts:
    uses: train-experts
    with: { count: 2, epochs: 10 }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ params.ipc }}
      iterations: 100
      method:
        synSteps: 5
        expertEpochs: 2
        maxStartEpoch: 4
        lrImg: 1000
        lrLr: 1.0e-5
    chunk: { iterations: 10 }
  evaluate:
    uses: evaluate
    needs: [experts]
    with:
      dataset: \${{ stages.distill.result }}
  report:
    uses: report
`;

/** The example with one passage, which must occur exactly once, replaced by another. */
export function changed(passage: string, replacement: string): string {
  const parts = example.split(passage);
  assert.equal(parts.length, 2, `"${passage}" occurs ${parts.length - 1} times in the example`);
  return parts.join(replacement);
}

/** The error that compiling the input throws. */
export function failure(input: Uint8Array | string | object, options?: CompileOptions): DefinitionError {
  try {
    compile(input, options);
  } catch (error) {
    assert.ok(error instanceof DefinitionError, `not a DefinitionError: ${String(error)}`);
    return error;
  }
  assert.fail('it compiled');
}

/** `line:column message`, or `path message` where there is no position. */
export function brief(issue: DefinitionIssue): string {
  const place = issue.line === undefined ? issue.path : `${issue.line}:${issue.column ?? 0}`;
  return `${place} ${issue.message}`;
}
