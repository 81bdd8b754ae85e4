/**
 * @file ResNet18 for small images, and its variant that pools where the original strides.
 */
import type { Node } from '../tensor/graph.js';
import type { NetworkFunction } from './build.js';
import type { Layers } from './layers.js';
import type { NormalisedSpec } from './spec.js';

const widths = [64, 128, 256, 512];
const blocksPerStage = 2;

interface Block {
  readonly name: string;
  readonly filters: number;
  /** Whether height and width are halved. */
  readonly halves: boolean;
}

/** Two convolutions beside a shortcut, which is a convolution itself where the shape changes. */
function basicBlock(
  layers: Layers,
  x: Node,
  { name, filters, halves }: Block,
  { norm, architecture }: NormalisedSpec,
): Node {
  const pools = halves && architecture === 'ResNet18_AP';
  const stride = halves && !pools ? 2 : 1;
  const pooled = (node: Node): Node => (pools ? layers.avgPool(node) : node);
  const convolution = { filters, bias: false } as const;

  let y = layers.convolution(`${name}.conv1`, x, { ...convolution, size: 3, stride, padding: 1 });
  y = pooled(layers.relu(layers.normalise(`${name}.bn1`, y, norm)));
  y = layers.convolution(`${name}.conv2`, y, { ...convolution, size: 3, padding: 1 });
  y = layers.normalise(`${name}.bn2`, y, norm);

  let shortcut = x;
  if (halves || x.shape[3] !== filters) {
    shortcut = pooled(layers.convolution(`${name}.shortcut.0`, x, { ...convolution, size: 1, stride }));
    shortcut = layers.normalise(`${name}.shortcut.${pools ? 2 : 1}`, shortcut, norm);
  }
  return layers.relu(layers.graph.add(y, shortcut));
}

export function resNet18(spec: NormalisedSpec): NetworkFunction {
  return (layers, images, classes) => {
    const stem = { filters: 64, size: 3, padding: 1, bias: false };
    let x = layers.convolution('conv1', images, stem);
    x = layers.relu(layers.normalise('bn1', x, spec.norm));
    widths.forEach((filters, stage) => {
      for (let block = 0; block < blocksPerStage; block++) {
        const halves = stage > 0 && block === 0;
        x = basicBlock(layers, x, { name: `layer${stage + 1}.${block}`, filters, halves }, spec);
      }
    });
    // The reference averages 4x4, which is all that 28 and 32 pixels leave; the variant keeps every position.
    return layers.linear(
      'classifier',
      spec.architecture === 'ResNet18' ? layers.globalAverage(x) : x,
      classes,
    );
  };
}
