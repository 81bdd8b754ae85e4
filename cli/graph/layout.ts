/**
 * @file Draws a graph without circles in layers from left to right, as Sugiyama, Tagawa and Toda do: layers by the
 * longest way, long arrows led through every layer, few crossings, straight ways.
 */

export interface LayoutSize {
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** Between two layers, where arrows bend. */
  readonly layerGap: number;
  /** Between two boxes of a layer. */
  readonly boxGap: number;
  /** Between arrows that pass a layer. */
  readonly lineGap: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Upper left corner of each box. */
  readonly boxes: ReadonlyMap<string, Point>;
  /** The way of each arrow: from the right of one box, across layers that it passes, to the left of the other. */
  readonly arrows: readonly (readonly Point[])[];
}

/** A box, or the place where an arrow passes a layer. */
interface Place {
  readonly id: string | undefined;
  readonly layer: number;
  readonly before: Place[];
  readonly after: Place[];
  /** Middle. */
  y: number;
}

const orderSweeps = 12;
const straighteningSweeps = 24;

export function layout(
  ids: readonly string[],
  arrows: readonly (readonly [string, string])[],
  size: LayoutSize,
): Layout {
  const { layers, ways } = inLayers(ids, arrows);
  order(layers);
  straighten(layers, size);
  return drawn(layers, ways, size);
}

function inLayers(
  ids: readonly string[],
  arrows: readonly (readonly [string, string])[],
): { layers: Place[][]; ways: Place[][] } {
  const layerOf = longestWays(ids, arrows);
  const layers: Place[][] = [];
  const put = (id: string | undefined, layer: number): Place => {
    const place: Place = { id, layer, before: [], after: [], y: 0 };
    (layers[layer] ??= []).push(place);
    return place;
  };
  const places = new Map(ids.map((id) => [id, put(id, layerOf.get(id) ?? 0)]));
  const ways = arrows.flatMap(([from, to]) => {
    const [start, end] = [places.get(from), places.get(to)];
    if (start === undefined || end === undefined) return [];
    const way = [start];
    for (let layer = start.layer + 1; layer < end.layer; layer += 1) way.push(put(undefined, layer));
    way.push(end);
    for (const [index, place] of way.entries()) {
      const next = way[index + 1];
      if (next === undefined) break;
      place.after.push(next);
      next.before.push(place);
    }
    return [way];
  });
  return { layers, ways };
}

/** How many arrows the longest way to each box has. Boxes may come in any order. */
function longestWays(
  ids: readonly string[],
  arrows: readonly (readonly [string, string])[],
): Map<string, number> {
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const [from, to] of arrows) before.get(to)?.push(from);
  const lengths = new Map<string, number>();
  const length = (id: string): number => {
    const known = lengths.get(id);
    if (known !== undefined) return known;
    const longest = Math.max(0, ...(before.get(id) ?? []).map((earlier) => length(earlier) + 1));
    lengths.set(id, longest);
    return longest;
  };
  for (const id of ids) length(id);
  return lengths;
}

/** Puts the places of each layer in an order with few crossings: by the mean of their neighbours, to and fro. */
function order(layers: Place[][]): void {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < orderSweeps && fewest > 0; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers.slice(1) : layers.slice(0, -1).reverse())
      sortByNeighbours(layer, layers, forward);
    const now = crossings(layers);
    if (now >= fewest) continue;
    fewest = now;
    best = layers.map((layer) => [...layer]);
  }
  for (const [index, layer] of best.entries()) layers[index] = layer;
}

function sortByNeighbours(layer: Place[], layers: readonly Place[][], forward: boolean): void {
  const neighbours = layers[(layer[0]?.layer ?? 0) + (forward ? -1 : 1)] ?? [];
  const position = new Map(neighbours.map((place, index) => [place, index]));
  const own = new Map(layer.map((place, index) => [place, index]));
  const wanted = new Map(
    layer.map((place) => {
      const positions = (forward ? place.before : place.after).map((other) => position.get(other) ?? 0);
      return [place, positions.length === 0 ? (own.get(place) ?? 0) : mean(positions)];
    }),
  );
  layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
}

/** Pairs of arrows between neighbouring layers that cross. */
function crossings(layers: readonly Place[][]): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const position = new Map((layers[index + 1] ?? []).map((place, at) => [place, at]));
    const ends: number[] = [];
    for (const place of layer) {
      const own = place.after.map((next) => position.get(next) ?? 0);
      for (const end of own) count += ends.filter((other) => other > end).length;
      ends.push(...own);
    }
  }
  return count;
}

/** Moves the places of each layer, in their order, as near as they can be to their neighbours. */
function straighten(layers: readonly Place[][], size: LayoutSize): void {
  for (const layer of layers)
    settle(
      layer,
      layer.map(() => 0),
      size,
    );
  for (let sweep = 0; sweep < straighteningSweeps; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers : [...layers].reverse()) {
      const wanted = layer.map((place) => {
        const sides = forward ? [place.before, place.after] : [place.after, place.before];
        const near = sides.find((side) => side.length > 0) ?? [];
        return near.length === 0 ? place.y : mean(near.map(({ y }) => y));
      });
      settle(layer, wanted, size);
    }
  }
}

/**
 * Places as near as possible to where they want to be without overlaps: least squares under an order, by pooling
 * neighbours that push each other. Arrows that pass count more, so that they stay straight.
 */
function settle(layer: readonly Place[], wanted: readonly number[], size: LayoutSize): void {
  interface Pool {
    weight: number;
    sum: number;
    readonly members: { place: Place; offset: number }[];
  }
  const pools: Pool[] = [];
  let offset = 0;
  for (const [index, place] of layer.entries()) {
    const previous = layer[index - 1];
    if (previous !== undefined) offset += distance(previous, place, size);
    const weight = place.id === undefined ? 3 : 1;
    pools.push({ weight, sum: weight * ((wanted[index] ?? 0) - offset), members: [{ place, offset }] });
    for (;;) {
      const last = pools.at(-1);
      const other = pools.at(-2);
      if (last === undefined || other === undefined) break;
      if (other.sum / other.weight <= last.sum / last.weight) break;
      other.weight += last.weight;
      other.sum += last.sum;
      other.members.push(...last.members);
      pools.pop();
    }
  }
  for (const { sum, weight, members } of pools)
    for (const member of members) member.place.y = sum / weight + member.offset;
}

function distance(above: Place, below: Place, { boxHeight, boxGap, lineGap }: LayoutSize): number {
  const halves = [above, below].map(({ id }) => (id === undefined ? 0 : boxHeight / 2));
  const gap = above.id === undefined && below.id === undefined ? lineGap : boxGap;
  return mean(halves) * 2 + gap;
}

function drawn(layers: readonly Place[][], ways: readonly Place[][], size: LayoutSize): Layout {
  const { boxWidth, boxHeight, layerGap } = size;
  const all = layers.flat();
  const top = Math.min(...all.map(({ y, id }) => y - (id === undefined ? 0 : boxHeight / 2)));
  const bottom = Math.max(...all.map(({ y, id }) => y + (id === undefined ? 0 : boxHeight / 2)));
  const left = ({ layer }: Place): number => layer * (boxWidth + layerGap);
  const boxes = new Map(
    all.flatMap((place) =>
      place.id === undefined
        ? []
        : [[place.id, { x: left(place), y: round(place.y - boxHeight / 2 - top) }] as const],
    ),
  );
  const arrows = ways.map((way) =>
    way.flatMap((place, index) => {
      const y = round(place.y - top);
      const start = { x: left(place), y };
      const end = { x: left(place) + boxWidth, y };
      if (index === 0) return [end];
      return index === way.length - 1 ? [start] : [start, end];
    }),
  );
  const width = layers.length * boxWidth + Math.max(0, layers.length - 1) * layerGap;
  return { width, height: round(bottom - top), boxes, arrows };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
