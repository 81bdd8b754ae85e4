/**
 * @file Whitening on the device against whitening by eigenvectors in float64.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imagesInMemory } from '../../datasets/image-source.js';
import { WhiteningFit, whitened, type FittedWhitening } from '../../distillation/device-whitening.js';
import { fitWhitening, whiten } from '../../distillation/zca.js';
import { Stream } from '../../random/stream.js';
import { testDevice } from '../support/device.js';

const dimension = 48;
const count = 1500;
const images = new Uint8Array(count * dimension);
// Neighbours go together, as in pictures.
for (let row = 0; row < count; row += 1) {
  const stream = new Stream(row, 'report-samples');
  let value = 128;
  for (let at = 0; at < dimension; at += 1) {
    value = Math.min(255, Math.max(0, value + 30 * stream.normal()));
    images[row * dimension + at] = value;
  }
}
const floats = Float32Array.from(images, (byte) => byte / 255);
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at]!)), 0);

describe('whitening on the device', () => {
  it('is that of the eigenvectors, with the same bytes every time', async () => {
    const device = await testDevice();
    const before = device.liveTensors;
    const fitOnce = (): Promise<FittedWhitening> => {
      const fit = new WhiteningFit(device, dimension);
      fit.add(images.subarray(0, 1100 * dimension));
      fit.add(images.subarray(1100 * dimension));
      return fit.finish();
    };
    const fitted = await fitOnce();
    assert.deepEqual(fitted, await fitOnce());
    const exact = fitWhitening(floats, dimension);
    const { mean, transform, inverse } = fitted;
    assert.ok(largest(mean, exact.mean) < 1e-6);
    assert.ok(largest(transform, exact.transform) < 2e-5, String(largest(transform, exact.transform)));
    assert.ok(largest(inverse, exact.inverse) < 2e-5, String(largest(inverse, exact.inverse)));
    const shape = { channels: 1, height: 1, width: dimension };
    const source = imagesInMemory({ shape, count, images, labels: new Int32Array(count) });
    const [all = []] = [...whitened(device, source, fitted)];
    assert.ok(largest(all, whiten(floats, exact)) < 1e-4);
    assert.equal(device.liveTensors, before);
  });
});
