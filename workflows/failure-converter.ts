/**
 * @file How the sandbox writes failures: messages as text, or as payloads where those are encrypted. No
 * command depends on it, so that histories of either kind replay with both.
 */
import { DefaultFailureConverter } from '@temporalio/common';
import { failureText, failuresInPayloads } from './failure-text.js';

export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: failureText === failuresInPayloads,
});
