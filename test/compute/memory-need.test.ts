/**
 * @file Work that cannot fit is refused before it begins.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastBytes, requireMemory, type MemoryNeed } from '../../compute/memory-need.js';
import { imageRoomFrom, memoryLimitFrom } from '../../compute/spawn.js';
import { buildNetwork } from '../../networks/registry.js';
import type { Device } from '../../tensor/device.js';
import { tinyClasses, tinyNetwork, tinyShape } from '../support/tiny.js';

const network = buildNetwork(tinyNetwork, tinyShape, tinyClasses);
const need: MemoryNeed = { network, kinds: ['plain-sgd'], batch: 100, parameterSets: 2, images: 1000 };

function on(device: string, memoryLimit?: number) {
  return {
    device: { info: { device } } as unknown as Device,
    ...(memoryLimit !== undefined && { memoryLimit }),
  };
}

test('the least is what tensors and images take', () => {
  const base = leastBytes(need);
  // Activations of 100 images on 8 x 8 (10 x 10 and more with padding) in six channels alone.
  assert.ok(base > 100 * 64 * 6 * 4 && base < 50e6, `${base}`);
  assert.equal(leastBytes({ ...need, images: 2000 }) - base, 1000 * 64);
  assert.equal(leastBytes({ ...need, parameterSets: 3 }) - base, 4 * network.parameterCount);
  assert.ok(leastBytes({ ...need, kinds: ['plain-sgd', 'second-order'] }) > base);
});

test('what does not fit is the user’s to change, at once and for good', () => {
  const least = leastBytes(need);
  requireMemory(on('cpu', least), 'trainExpert', need);
  requireMemory(on('cpu'), 'trainExpert', need);
  requireMemory(on('gpu:0', 1), 'trainExpert', need);
  const fused = {
    ...on('cpu', least / 2),
    device: { info: { device: 'cpu', kernels: '1' } } as unknown as Device,
  };
  requireMemory(fused, 'trainExpert', need);
  for (const [task, setting] of [
    ['trainExpert', /batchSize/],
    ['distillChunk', /batchSyn/],
    ['evaluateNetwork', /batchSize/],
  ] as const)
    assert.throws(
      () => requireMemory(on('cpu', least - 1), task, need),
      (error: { code?: string; retryable?: boolean; message: string }) =>
        error.code === 'InvalidDefinition' &&
        error.retryable === false &&
        setting.test(error.message) &&
        error.message.includes('--memory-limit'),
    );
});

test('the limit reaches the child as its parent has it', () => {
  assert.equal(memoryLimitFrom({ DISTILLERY_PROCESS_MEMORY_LIMIT: '1000000' }), 1e6);
  assert.equal(memoryLimitFrom({ DISTILLERY_PROCESS_MEMORY_LIMIT: '' }), undefined);
  assert.equal(memoryLimitFrom({}), undefined);
  const room = { memory: 1e6, folder: '/tmp/images', folderBytes: 1e9 };
  assert.deepEqual(imageRoomFrom({ DISTILLERY_PROCESS_IMAGES: JSON.stringify(room) }), room);
  assert.equal(imageRoomFrom({ DISTILLERY_PROCESS_IMAGES: '' }), undefined);
});
