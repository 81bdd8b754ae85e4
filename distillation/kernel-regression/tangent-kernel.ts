/**
 * @file The neural tangent kernel of a fully connected ReLU network of infinite width (Jacot et al. 2018), and its
 * slopes. Of two images it depends on `s = x . y / size`, `p = x . x / size` and `q = y . y / size` alone.
 *
 * Each layer `W x sqrt(weightVariance / width) + b sqrt(biasVariance)` takes the covariance S of two units to
 * `weightVariance * S + biasVariance`. ReLU takes it to the arc-cosine kernel of Cho and Saul (2009): with
 * `cos t = S / sqrt(a b)`, a and b the variances,
 *
 *     E[relu relu] = sqrt(a b) (sin t + (pi - t) cos t) / 2 pi,    E[relu' relu'] = (pi - t) / 2 pi.
 */
import type { KipConfig } from '../../definition/plan.js';

export type TangentKernelSettings = Pick<KipConfig, 'depth' | 'weightVariance' | 'biasVariance'>;

/** The kernel of a pair, and its derivatives to s, p and q. */
export interface KernelAtPair {
  value: number;
  byProduct: number;
  byFirst: number;
  bySecond: number;
}

/** Writes the kernel of a pair to `out`, which is used again, as there are very many pairs. */
export function tangentKernel(
  { depth, weightVariance: w, biasVariance: bias }: TangentKernelSettings,
  product: number,
  first: number,
  second: number,
  out: KernelAtPair,
): void {
  let a = w * first + bias;
  let b = w * second + bias;
  let s = w * product + bias;
  let t = s;
  // The derivatives to s, p and q that are not 0.
  let aByP = w;
  let bByQ = w;
  let sByS = w;
  let sByP = 0;
  let sByQ = 0;
  let tByS = w;
  let tByP = 0;
  let tByQ = 0;
  for (let layer = 0; layer < depth; layer++) {
    const length = Math.sqrt(a * b);
    const cosine = length > 0 ? Math.min(1, Math.max(-1, s / length)) : 0;
    const sine = Math.sqrt((1 - cosine) * (1 + cosine));
    const active = (Math.PI - Math.acos(cosine)) / (2 * Math.PI);
    const lengthByP = length > 0 ? (b * aByP) / (2 * length) : 0;
    const lengthByQ = length > 0 ? (a * bByQ) / (2 * length) : 0;
    const outward = sine / (2 * Math.PI);
    // Where the images agree in direction the kernel has a kink, and no slope is taken.
    const turn = sine > 0 ? 1 / (2 * Math.PI * sine * length) : 0;
    const activeByS = turn * sByS;
    const activeByP = turn * (sByP - cosine * lengthByP);
    const activeByQ = turn * (sByQ - cosine * lengthByQ);

    const next = w * (length * outward + active * cosine * length) + bias;
    sByS = w * active * sByS;
    sByP = w * (active * sByP + outward * lengthByP);
    sByQ = w * (active * sByQ + outward * lengthByQ);
    tByS = sByS + w * (activeByS * t + active * tByS);
    tByP = sByP + w * (activeByP * t + active * tByP);
    tByQ = sByQ + w * (activeByQ * t + active * tByQ);
    t = next + w * active * t;
    s = next;
    a = (w * a) / 2 + bias;
    b = (w * b) / 2 + bias;
    aByP *= w / 2;
    bByQ *= w / 2;
  }
  out.value = t;
  out.byProduct = tByS;
  out.byFirst = tByP;
  out.bySecond = tByQ;
}

/** The kernel of an image with itself, and its derivative to `p`. */
export function tangentKernelOfOne(
  { depth, weightVariance: w, biasVariance: bias }: TangentKernelSettings,
  square: number,
): { readonly value: number; readonly slope: number } {
  let a = w * square + bias;
  let aByP = w;
  let t = a;
  let tByP = aByP;
  for (let layer = 0; layer < depth; layer++) {
    a = (w * a) / 2 + bias;
    aByP *= w / 2;
    t = a + (w * t) / 2;
    tByP = aByP + (w * tByP) / 2;
  }
  return { value: t, slope: tByP };
}
