/**
 * @file Growth: little to send and much to look at. Matrices with many cells, what each of them repeats, names
 * by the hundred that resemble each other, chains and circles of stages, long texts.
 */
import type { Stream } from '../../../random/stream.js';

type Mapping = Record<string, unknown>;

const sizes = [2, 5, 30, 200, 1000, 1999, 2001, 5000];

function size(random: Stream): number {
  return sizes[random.integer(sizes.length)] ?? 2;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A copy that has grown in one way; what is no definition stays as it is. */
export function grow(root: unknown, random: Stream): unknown {
  if (!isMapping(root)) return root;
  const grown = structuredClone(root);
  const stages = isMapping(grown['stages']) ? grown['stages'] : {};
  growths[random.integer(growths.length)]?.(grown, stages, random);
  return grown;
}

type Growth = (root: Mapping, stages: Mapping, random: Stream) => void;

/** Some of the axes have one value, so that the cells stay within their limit often enough. */
const matrix: Growth = (_, stages, random) => {
  const stage = one(stages, random);
  if (stage === undefined) return;
  const axes: Mapping = {};
  const count = 1 + random.integer(random.integer(8) === 0 ? 20 : 3);
  for (let axis = 0; axis < count; axis++)
    axes[`axis${axis}`] = numbers(axis === 0 ? size(random) : 1 + random.integer(3));
  if (random.integer(4) === 0) axes['include'] = numbers(size(random)).map((value) => ({ axis0: -value }));
  if (random.integer(4) === 0)
    axes['exclude'] = numbers(size(random)).map((value) => ({ axis0: value + random.integer(2) }));
  stage['matrix'] = axes;
  const [id] = Object.entries(stages).find(([, other]) => other === stage) ?? [];
  for (const other of Object.values(stages))
    if (isMapping(other) && other !== stage && random.integer(3) === 0) other['matrix'] = id;
};

/** Mistakes, right values or names by the hundred, which a matrix then repeats. */
const settings: Growth = (root, stages, random) => {
  if (random.integer(2) === 0) matrix(root, stages, random);
  const stage = one(stages, random);
  const config = stage?.['with'];
  if (stage === undefined || !isMapping(config)) return;
  const count = size(random) % 97;
  switch (random.integer(5)) {
    case 0:
      for (const index of numbers(count)) config[`setting${'x'.repeat(index % 50)}${index}`] = index;
      return;
    case 1:
      for (const index of numbers(count)) config[`k${index}`] = `\${{ matrix.axis0 + params.nope${index} }}`;
      return;
    case 2:
      config['networks'] = numbers(count).map((index) =>
        index % 2 === 0 ? `Konvnet${index}` : { architecture: 'ConvNet', width: index },
      );
      return;
    case 3:
      stage['needs'] = numbers(count).map((index) => `${Object.keys(stages)[index] ?? 'distill'}${index}`);
      return;
    default:
      config['networks'] = [
        {
          architecture: 'custom',
          name: 'mine',
          options: Object.fromEntries(numbers(count).map((index) => [`o${index}`, index])),
        },
      ];
  }
};

/** Parameters with long names that are like each other, one of which an expression misses. */
const parameters: Growth = (root, stages, random) => {
  const name = 'p'.repeat(1 + random.integer(55));
  root['params'] = Object.fromEntries(
    numbers(size(random)).map((index) => [`${name}${index}`, { type: 'integer', default: index }]),
  );
  const stage = one(stages, random);
  if (stage !== undefined && isMapping(stage['with']))
    stage['with']['count'] = `\${{ params.${name}${random.integer(2) === 0 ? '0' : 'q'} }}`;
};

/** Stages by the hundred, each needing some before it, or after it in a circle. */
const chain: Growth = (_, stages, random) => {
  const count = Math.min(size(random), 300);
  const reach = 1 + random.integer(random.integer(4) === 0 ? 30 : 3);
  const circle = random.integer(5) === 0;
  for (const index of numbers(count)) {
    const needs = numbers(reach)
      .map((step) => index - step - 1)
      .map((other) => (circle ? (other + count) % count : other))
      .filter((other) => other >= 0 && other !== index);
    stages[`link-${index}`] = {
      uses: 'train-experts',
      needs: [...new Set(needs)].map((other) => `link-${other}`),
      with: { count: 1, epochs: 1 + index },
    };
  }
};

/** A text, a name or an expression that is too long, or just not. */
const texts: Growth = (root, stages, random) => {
  const long =
    ['x', '${{ 1 }}', "${{ join('', params.ipc, 'x') }}", '("', '\u202e', 'é'][random.integer(6)] ?? '';
  const text = long.repeat(size(random) * (random.integer(4) === 0 ? 20 : 1));
  const place = one(stages, random) ?? root;
  const keys = ['uses', 'needs', 'when', 'matrix', 'timeout', text];
  place[keys[random.integer(keys.length)] ?? ''] = text;
  if (random.integer(3) === 0) root['description'] = text;
};

const growths: readonly Growth[] = [matrix, matrix, settings, settings, parameters, chain, texts];

function one(mapping: Mapping, random: Stream): Mapping | undefined {
  const all = Object.values(mapping).filter(isMapping);
  return all[random.integer(all.length + 1)] ?? all[0];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
