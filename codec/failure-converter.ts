/**
 * @file Puts messages and stack traces of failures into a payload, where the codec encrypts them. Loaded by
 * path: by the SDK in the worker, and into the sandbox by whoever bundles workflows for a worker with a codec.
 */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
