/**
 * @file Gradient descent with momentum on what is learned, as PyTorch's SGD does it.
 */

/** `velocity = momentum * velocity + slope; values -= lr * velocity`, in place. */
export function momentumStep(
  values: Float32Array,
  velocity: Float32Array,
  slope: Float32Array,
  { lr, momentum }: { readonly lr: number; readonly momentum: number },
): void {
  for (let i = 0; i < values.length; i++) {
    velocity[i] = momentum * (velocity[i] ?? 0) + (slope[i] ?? 0);
    values[i] = (values[i] ?? 0) - lr * (velocity[i] ?? 0);
  }
}

/** `average = decay * average + (1 - decay) * values`, in place. */
export function averageStep(average: Float32Array, values: Float32Array, decay: number): void {
  for (let i = 0; i < average.length; i++)
    average[i] = decay * (average[i] ?? 0) + (1 - decay) * (values[i] ?? 0);
}

/** Mean of equally long vectors, summed in float64 in the order given. */
export function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const [first, ...others] = vectors;
  if (first === undefined) throw new RangeError('no vectors have no mean');
  if (others.length === 0) return first;
  return first.map(
    (value, i) => others.reduce((sum, vector) => sum + (vector[i] ?? 0), value) / vectors.length,
  );
}
