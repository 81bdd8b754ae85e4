/**
 * @file What networks are called: in tables, where a short name does, and where several are alike.
 */
import type { NetworkSpec } from '../networks/spec.js';

/** Short name such as `ConvNet`, `ResNet18BN` (batch normalisation) or the name of a custom network. */
export function networkName(network: NetworkSpec): string {
  switch (network.architecture) {
    case 'VGG11':
    case 'ResNet18':
    case 'ResNet18_AP':
      return network.norm === 'batch' ? `${network.architecture}BN` : network.architecture;
    case 'custom':
      return network.name;
    case 'ConvNet':
    case 'MLP':
    case 'LeNet':
    case 'AlexNet':
      return network.architecture;
  }
}

/** The name with what tells it from others of that name, such as `ConvNet-D3-W128` or `ConvNet-D3-W128-batch`. */
export function networkLabel(network: NetworkSpec): string {
  const name = networkName(network);
  switch (network.architecture) {
    case 'ConvNet': {
      const { depth, width, norm, pool, act } = network;
      const options = [
        ...(norm === 'instance' ? [] : [norm === 'none' ? 'nonorm' : norm]),
        ...(pool === 'avg' ? [] : [pool === 'none' ? 'nopool' : pool]),
        ...(act === 'relu' ? [] : [act]),
      ];
      return [name, `D${depth}`, `W${width}`, ...options].join('-');
    }
    case 'custom':
      return [name, ...Object.entries(network.options).map(([key, value]) => `${key}=${value}`)].join('-');
    default:
      return name;
  }
}

/** Whether two specs name one network, in whatever order they say it. */
export function sameNetwork(one: NetworkSpec, other: NetworkSpec): boolean {
  return inOrder(one) === inOrder(other);
}

function inOrder(network: NetworkSpec): string {
  const sorted = (value: object): unknown[] =>
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]: [string, unknown]) => [
        key,
        typeof part === 'object' && part !== null ? sorted(part) : part,
      ]);
  return JSON.stringify(sorted(network));
}

/** Labels of networks that stand in one table: as short as they can be. */
export function networkLabels(networks: readonly NetworkSpec[]): string[] {
  const labels = new Map<string, Set<string>>();
  for (const network of networks) {
    const name = networkName(network);
    labels.set(name, (labels.get(name) ?? new Set()).add(networkLabel(network)));
  }
  return networks.map((network) => {
    const name = networkName(network);
    return (labels.get(name)?.size ?? 0) > 1 ? networkLabel(network) : name;
  });
}

/** In words: `ConvNet, depth 3, width 128`. */
export function describeNetwork(network: NetworkSpec): string {
  switch (network.architecture) {
    case 'ConvNet':
      return `ConvNet, depth ${network.depth}, width ${network.width}`;
    case 'custom': {
      const options = Object.entries(network.options).map(([key, value]) => `${key} ${value}`);
      return [network.name, ...options].join(', ');
    }
    default:
      return networkName(network);
  }
}
