/**
 * @file Named streams of random numbers. Everything random in distillery is drawn from one, keyed by seed,
 * purpose and indices and never by the order of calls, so that work can stop and go on anywhere.
 */

/** What a stream is for; two purposes never share numbers. Append only: the text is part of the key. */
export type Purpose =
  | 'network-init'
  | 'dataset-split'
  | 'expert-shuffle'
  | 'expert-augmentation'
  | 'synthetic-init'
  | 'trajectory-choice'
  | 'synthetic-batches'
  | 'synthetic-augmentation'
  | 'evaluation-shuffle'
  | 'evaluation-augmentation'
  | 'baseline-images'
  | 'report-samples';
