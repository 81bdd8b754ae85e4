/**
 * @file Long, noisy curves made readable: fewer points, and a running median.
 */
import type { Point } from './line.js';

/**
 * At most about `limit` points. Of every stretch the lowest and the highest stay, so that spikes are not
 * lost. Points in order of x.
 */
export function thin(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretch = Math.ceil((2 * points.length) / limit);
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch).sort((a, b) => a.y - b.y);
    const ends = [part[0], part.at(-1)].filter((point) => point !== undefined);
    kept.push(...ends.sort((a, b) => a.x - b.x));
  }
  return kept;
}

/** The median of a window of points around each; at both ends the window is cut off. */
export function runningMedian(points: readonly Point[], window: number): Point[] {
  const half = Math.floor(window / 2);
  return points.map(({ x }, index) => {
    const near = points
      .slice(Math.max(0, index - half), index + half + 1)
      .map((point) => point.y)
      .sort((a, b) => a - b);
    const middle = near.length >> 1;
    const median =
      near.length % 2 === 1 ? (near[middle] ?? 0) : ((near[middle - 1] ?? 0) + (near[middle] ?? 0)) / 2;
    return { x, y: median };
  });
}
