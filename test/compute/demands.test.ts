/**
 * @file What a stage asks of the process that computes for it, in the process and on the way there.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requireDemands } from '../../compute/demands.js';
import { DistilleryError } from '../../errors/errors.js';

const cpu = { name: 'tensorflow 2.21.0 cpu', device: 'cpu' };
const gpu = { name: 'tensorflow 2.21.0 gpu', device: 'NVIDIA H200' };
const gibibyte = 2 ** 30;

function refusal(action: () => void): DistilleryError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof DistilleryError);
    return error;
  }
  return assert.fail('it was not refused');
}

describe('a process that computes', () => {
  it('takes what it can', () => {
    requireDemands({}, cpu, gibibyte);
    requireDemands({ memoryBytes: gibibyte }, cpu, gibibyte);
    requireDemands({ memoryBytes: 99 * gibibyte }, cpu, undefined);
    requireDemands({ gpu: true }, gpu, undefined);
  });

  it('refuses more memory than it may take, for another to try', () => {
    const error = refusal(() => requireDemands({ memoryBytes: 8 * gibibyte }, cpu, 3 * gibibyte));
    assert.equal(error.code, 'OutOfMemory');
    assert.equal(error.retryable, true);
    assert.match(error.message, /asks for 8\.0 GiB .* may take 3\.0 GiB/);
  });

  it('refuses what wants a GPU where there is none, for another to try', () => {
    const error = refusal(() => requireDemands({ gpu: true }, cpu, undefined));
    assert.equal(error.retryable, true);
    assert.match(error.message, /asks for a GPU .* computes on its CPU \(tensorflow 2\.21\.0 cpu\)/);
  });
});
