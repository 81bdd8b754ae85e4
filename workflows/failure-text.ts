/**
 * @file The word in the bundle of the workflows that says how they write failures. The bundle is made once for
 * all workers; one that encrypts payloads puts another word in its place before it loads the bundle.
 */
export const failuresInPayloads = 'distillery:failures-in-payloads';

/** Of the type of any word, because it is replaced after compilation. */
export const failureText: string = 'distillery:failures-as-text';
