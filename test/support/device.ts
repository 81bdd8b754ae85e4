/**
 * @file One TensorFlow device for all tests of a file.
 */
import type { Device } from '../../tensor/device.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';

let opened: Promise<Device> | undefined;

export function testDevice(): Promise<Device> {
  return (opened ??= openTensorflowDevice());
}
