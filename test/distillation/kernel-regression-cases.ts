/**
 * @file Numbers of kernel ridge regression by another program, in numpy and float64: the kernel by integrating over
 * the angle of two Gaussian units, the loss by its definition, the gradients by central differences of 1e-6. Image
 * and target i of a set are `sin(1.7 i + shift) cos(0.31 i shift)`, with shifts 1 and 2 for the support of four, 3 and
 * 4 for the five real images, of 6 values and 3 classes each.
 */
import type { RegressionSettings } from '../../distillation/kernel-regression/ridge-regression.js';

interface RegressionCase extends RegressionSettings {
  /** Of the first two images of the support with all real ones. */
  readonly kernel: readonly number[];
  readonly loss: number;
  readonly toImages: readonly number[];
  readonly toTargets: readonly number[];
}

export const regressionCases: readonly RegressionCase[] = [
  {
    depth: 1,
    weightVariance: 2,
    biasVariance: 0.01,
    ridge: 0.001,
    kernel: [
      0.21113196, 0.4315289, 0.012016009, 0.17881678, 0.25149058, 0.15646765, 0.15977392, 0.2438565,
      0.26243368, 0.16696999,
    ],
    loss: 0.525484034462,
    toImages: [
      -0.11993234, 0.26223981, 0.044043935, 0.19391546, -0.17812911, 0.0073525858, 0.0048513475, -0.069783331,
      -0.025432779, -0.1069608, 0.022711642, 0.072004657, 0.0416471, 0.09957996, -0.075719081, 0.095153344,
      -0.041409715, 0.065854728, 0.060835136, -0.22284423, -0.0098835883, -0.09589074, 0.066797218,
      -0.10007903,
    ],
    toTargets: [
      0.12157635, -0.00059614003, -0.018294474, -0.055122065, -0.026262352, 0.032834351, 0.032681231,
      -0.02331853, -0.10497062, -0.046397321, 0.033232093, 0.078023119,
    ],
  },
  {
    depth: 3,
    weightVariance: 1.5,
    biasVariance: 0.2,
    ridge: 0.01,
    kernel: [
      1.1319796, 1.2659664, 1.0058294, 1.1147279, 1.1574014, 1.1016667, 1.1093678, 1.1543352, 1.1669848,
      1.1068129,
    ],
    loss: 0.4864138737,
    toImages: [
      -0.0013230163, 0.095055476, 0.0094259082, 0.059202884, -0.070017895, 0.0045033648, -0.022253702,
      -0.045850887, 0.0070217273, -0.038454258, -0.015631523, 0.056265044, 0.0099198725, 0.03408,
      0.0048647477, 0.024264564, -0.015944957, 0.015711716, 0.0060324785, -0.083380483, 0.010460957,
      -0.038273203, 0.012773502, -0.034829323,
    ],
    toTargets: [
      0.06599442, -0.02574421, 0.0642707, 0.0014973534, -0.056030295, 0.047619847, 0.032250731, -0.075707472,
      0.034221547, 0.012554967, -0.011738082, 0.074470192,
    ],
  },
];
