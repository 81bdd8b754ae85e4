/**
 * @file The methods of distillation with everything written out, as plans hold them.
 */

/** Matching training trajectories; names and meaning as in the paper (section 3). */
export interface MttConfig {
  readonly name: 'mtt';
  /** N: student steps per iteration. */
  readonly synSteps: number;
  /** M: expert epochs between start and target. */
  readonly expertEpochs: number;
  /** Start epochs are drawn from [minStartEpoch, maxStartEpoch - 1]. */
  readonly maxStartEpoch: number;
  /** Absent: 0. */
  readonly minStartEpoch?: number;
  /** Absent: the whole range from the first iteration. */
  readonly startEpochGrowth?: StartEpochGrowth;
  /** Experts matched per iteration, their losses averaged. Absent: 1. */
  readonly expertsPerStep?: number;
  /** Learning rate of the pixels. */
  readonly lrImg: number;
  /** Learning rate of the student's learning rate. */
  readonly lrLr: number;
  /** Initial student learning rate (alpha). */
  readonly lrInit: number;
  /** alpha never falls below this. Default 1e-6. */
  readonly lrFloor: number;
  /** Momentum of both updates. Default 0.5. */
  readonly momentum: number;
  /** Synthetic images per student step; the whole set when absent. */
  readonly batchSyn?: number;
  /** Class probabilities that are learned with the images. Absent: one-hot, fixed. */
  readonly labels?: 'learned';
  /** Learning rate of the label logits; given with `labels`. */
  readonly lrLabels?: number;
  /** Decay of the running average of the images that is the result. Absent: the images themselves. */
  readonly emaDecay?: number;
  /** Matches of a larger loss change nothing. Absent: none is too large. */
  readonly skipAbove?: number;
  /** Share of the parameters that count in the loss, those nearest to the expert's. Absent: 1. */
  readonly keepFraction?: number;
}

/** The bound of the start epochs grows linearly from `from` to `maxStartEpoch` over so many iterations. */
export interface StartEpochGrowth {
  readonly from: number;
  readonly iterations: number;
}

/** Distribution matching (Zhao & Bilen 2023). */
export interface DmConfig {
  readonly name: 'dm';
  /** Learning rate of the pixels. */
  readonly lrImg: number;
  /** Momentum of their updates. */
  readonly momentum: number;
  /** Real images of each class per iteration. */
  readonly batchReal: number;
  /** Learning rate that is stored with the images. */
  readonly lrTrain: number;
}

/** Gradient matching: `dc` without augmentation (Zhao et al. 2021), `dsa` with it (Zhao & Bilen 2021). */
export interface GradientMatchingConfig extends Omit<DmConfig, 'name'> {
  readonly name: 'dc' | 'dsa';
  /** Updates of the images per iteration, each by the gradients of the network as it is then. */
  readonly outerLoops: number;
  /** Epochs that the network is trained on the images between two updates. */
  readonly innerEpochs: number;
  /** Learning rate of that training. */
  readonly lrNet: number;
}

/** The loss on real images after a few steps on the synthetic ones (Wang et al. 2018). */
export interface DdConfig {
  readonly name: 'dd';
  /** Steps of the student on the synthetic images. */
  readonly synSteps: number;
  /** Synthetic images per student step; the whole set when absent. */
  readonly batchSyn?: number;
  /** Real images that measure the student. */
  readonly batchReal: number;
  readonly lrImg: number;
  /** Learning rate of the student's learning rate; 0 keeps it. */
  readonly lrLr: number;
  readonly lrInit: number;
  readonly lrFloor: number;
  readonly momentum: number;
}

/** Kernel ridge regression by the kernel of an infinitely wide network (Nguyen, Chen and Lee 2021). */
export interface KipConfig extends Omit<DmConfig, 'name' | 'momentum'> {
  readonly name: 'kip';
  /** Hidden layers of the network that the kernel is of. */
  readonly depth: number;
  /** Variance of its weights, times their number to a unit. */
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** Added to the diagonal of the kernel of the images, in units of its mean. */
  readonly ridge: number;
  /** Labels that are learned with the images. Absent: their classes. */
  readonly labels?: 'learned';
  /** Learning rate of the labels; given with `labels`. */
  readonly lrLabels?: number;
}

export type DistillMethod = MttConfig | DmConfig | GradientMatchingConfig | DdConfig | KipConfig;
