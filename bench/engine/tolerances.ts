/**
 * @file How far the two sides' numbers may be apart. Both compute in float32 and round in other places; the error
 * of a trajectory gradient grows with the steps that it is carried back through.
 */

/** By the name of the tensor; those of a match carry the number of student steps after the name. */
export function toleranceOf(tensor: string): number {
  const [name = '', steps = '1'] = tensor.split('.');
  switch (name) {
    case 'losses':
    case 'loss':
    case 'student':
      return 1e-4;
    case 'gradient':
      // Of images that show nothing: a mean of terms that nearly cancel.
      return 5e-3;
    case 'moved':
      return 2e-2;
    case 'images':
    case 'alpha':
      // A few of millions of activations are so close to zero that the sides put them on different sides of it.
      return Number(steps) > 1 ? 5e-2 : 5e-3;
    default:
      return 0;
  }
}
