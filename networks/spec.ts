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

/** A network by name and options; a union that grows with the architectures. */
export type NetworkSpec = ConvNetSpec;

/** The images a network takes and the classes it tells apart. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}
