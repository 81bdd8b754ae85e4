/**
 * @file What a definition may say about a network. Data only; the builders are beside it.
 */

export interface ConvNetSpec {
  readonly architecture: 'ConvNet';
  /** Number of conv-norm-activation-pool blocks. Default 3. */
  readonly depth: number;
  /** Filters per block. Default 128. */
  readonly width: number;
  /** Default 'instance' (group norm with as many groups as channels, affine, eps 1e-5). */
  readonly norm: 'none' | 'batch' | 'layer' | 'instance' | 'group';
  /** 2x2, stride 2. Default 'avg'. */
  readonly pool: 'none' | 'max' | 'avg';
  readonly act: 'relu' | 'leakyrelu' | 'sigmoid';
}

/** Networks without options. */
export interface PlainSpec {
  readonly architecture: 'MLP' | 'LeNet' | 'AlexNet';
}

export interface NormalisedSpec {
  readonly architecture: 'VGG11' | 'ResNet18' | 'ResNet18_AP';
  /** Default 'instance'. */
  readonly norm: 'instance' | 'batch';
}

/** A network that a module of the worker's owner defines; see `defineNetwork`. */
export interface CustomSpec {
  readonly architecture: 'custom';
  /** Under which it is defined. */
  readonly name: string;
  /** Given to its function as they are. Default none. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** A network by name and options; a union that grows with the architectures. */
export type NetworkSpec = ConvNetSpec | PlainSpec | NormalisedSpec | CustomSpec;

/** The images a network takes and the classes it tells apart. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}
