/**
 * @file Algebra of sums, differences, products and quotients of two tensors.
 */
import type { GraphBuilder, Node } from './graph.js';
import { constantValue, match, matchScaledTensor } from './match.js';
import { broadcastShapes, sameShape, sizeOf } from './shape.js';
import type { Shape } from './shape.js';

type Elementwise = 'add' | 'sub' | 'mul' | 'div';

/** What an operand was before it was repeated, if the other operand repeats it anyway. */
function unrepeated(operand: Node, other: Node, result: Shape): Node {
  const repeat = match(operand, 'broadcastTo');
  return repeat !== undefined && sameShape(broadcastShapes('', repeat.input.shape, other.shape), result)
    ? repeat.input
    : operand;
}

/** `X s + X t = X (s + t)` for factors smaller than X: one pass instead of three. */
function gatherFactors(g: GraphBuilder, kind: 'add' | 'sub', a: Node, b: Node): Node | undefined {
  const [pa, pb] = [matchScaledTensor(a), matchScaledTensor(b)];
  if (pa === undefined || pb === undefined || pa.large !== pb.large) return undefined;
  const factor = g.apply({ kind }, pa.small, pb.small);
  return sizeOf(factor.shape) < sizeOf(pa.large.shape) ? g.mul(pa.large, factor) : undefined;
}

/** `(X s) t = X (s t)` for factors smaller than X: one pass less. */
function gatherProduct(g: GraphBuilder, product: Node, factor: Node): Node | undefined {
  const scaled = matchScaledTensor(product);
  if (scaled === undefined || sizeOf(factor.shape) >= sizeOf(product.shape)) return undefined;
  const factors = broadcastShapes('mul', scaled.small.shape, factor.shape);
  return sizeOf(factors) < sizeOf(product.shape)
    ? g.mul(scaled.large, g.mul(scaled.small, factor))
    : undefined;
}

/** Simplifies `a kind b`, whose shape is `shape`. */
export function simplifyElementwise(
  g: GraphBuilder,
  kind: Elementwise,
  a: Node,
  b: Node,
  shape: Shape,
): Node | undefined {
  const [ca, cb] = [constantValue(a), constantValue(b)];
  const [fullA, fullB] = [sameShape(a.shape, shape), sameShape(b.shape, shape)];
  const [sa, sb] = [match(a, 'scale'), match(b, 'scale')];
  let simpler: Node | undefined;
  switch (kind) {
    case 'add':
      if (cb !== undefined && fullA) return g.addScalar(a, cb);
      if (ca !== undefined && fullB) return g.addScalar(b, ca);
      if (ca === 0) return g.broadcastTo(b, shape);
      if (cb === 0) return g.broadcastTo(a, shape);
      if (a === b) return g.scale(a, 2);
      if (sb?.operation.factor === -1) return g.sub(a, sb.input);
      if (sa?.operation.factor === -1) return g.sub(b, sa.input);
      simpler = gatherFactors(g, kind, a, b);
      break;
    case 'sub':
      if (cb !== undefined && fullA) return g.addScalar(a, -cb);
      if (ca === 0 && fullB) return g.scale(b, -1);
      if (a === b) return g.constant(0, shape);
      if (sb?.operation.factor === -1) return g.add(a, sb.input);
      simpler = gatherFactors(g, kind, a, b);
      break;
    case 'mul':
      if (ca === 0 || cb === 0) return g.constant(0, shape);
      if (cb !== undefined && fullA) return g.scale(a, cb);
      if (ca !== undefined && fullB) return g.scale(b, ca);
      // A factor goes to the smaller operand, where it costs least and may meet another.
      if (sa !== undefined && sizeOf(a.shape) > sizeOf(b.shape)) {
        return g.mul(sa.input, g.scale(b, sa.operation.factor));
      }
      if (sb !== undefined && sizeOf(b.shape) > sizeOf(a.shape)) {
        return g.mul(g.scale(a, sb.operation.factor), sb.input);
      }
      simpler = gatherProduct(g, a, b) ?? gatherProduct(g, b, a);
      break;
    case 'div':
      if (ca === 0) return g.constant(0, shape);
      if (cb !== undefined && cb !== 0 && fullA) return g.scale(a, 1 / cb);
      break;
  }
  if (simpler !== undefined) return simpler;
  const [ua, ub] = [unrepeated(a, b, shape), unrepeated(b, a, shape)];
  if (ua !== a) return g.apply({ kind }, ua, b);
  if (ub !== b) return g.apply({ kind }, a, ub);
  return undefined;
}
