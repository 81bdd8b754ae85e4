/**
 * @file What `distillery init` lets its user choose, and what is known of the data.
 */
import type { NetworkSpec } from '../../networks/spec.js';

/** Methods that learn images, with what a user has to know to choose. */
export const methods = {
  mtt: 'matches the trajectories of experts: the best accuracy, the most work',
  dsa: 'matches gradients, with augmentation: no experts needed',
  dc: 'matches gradients, without augmentation',
  dm: 'matches distributions of features: quick, also for many images per class',
  dd: 'unrolls the training of a student: the oldest, for comparison',
  kip: 'fits a kernel, without any network: for few images, and on one core',
} as const;

export const sizes = {
  small: 'minutes on a CPU: shows that all works; accuracies are modest',
  paper: 'as published, where it was: hours to days on GPUs',
} as const;

export const networks = ['ConvNet', 'MLP', 'LeNet', 'AlexNet', 'VGG11', 'ResNet18', 'ResNet18_AP'] as const;

export type Method = keyof typeof methods;
export type Size = keyof typeof sizes;
export type Network = (typeof networks)[number] & NetworkSpec['architecture'];

/** What the definition says of the data. */
export interface ChosenDataset {
  readonly source: string;
  /** Training images, where they are known. */
  readonly trainImages?: number;
  /** The shorter side in pixels, where it is known. */
  readonly side?: number;
  /** Where it still has to be imported from. */
  readonly importFrom?: string;
}

export interface Choices {
  readonly name: string;
  readonly dataset: ChosenDataset;
  readonly method: Method;
  readonly ipc: number;
  readonly size: Size;
  readonly network: Network;
}
