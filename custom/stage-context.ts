/**
 * @file What a stage of a user's own type is given to work with.
 */
import type { Reference } from '../artifacts/reference.js';
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';
import type { EngineInfo } from '../definition/stages.js';
import type { NetworkPrograms } from '../distillation/network-programs.js';
import type { GraphBuilder, Node } from '../tensor/graph.js';

/** The artifacts, as much of them as a stage needs. What goes wrong is tried again within the store's patience. */
export interface StageStore {
  /** The bytes, verified against the reference's digest. */
  read(reference: Reference): Promise<Uint8Array>;
  /** Distilled or selected images. */
  readImages(reference: Reference): Promise<DistilledSet>;
  /** Stores bytes under their digest, at most 64 MiB; the same bytes stored twice are one artifact. */
  write(bytes: Uint8Array, mediaType: string): Promise<Reference>;
  /** Stores images in the form that an evaluate stage takes. */
  writeImages(images: DistilledSet): Promise<Reference>;
}

/** The data set of the run, divided as its definition says. Pixels are bytes, [n,c,h,w]. */
export interface StageDataset {
  readonly manifest: DatasetManifest;
  /** The images to train on. */
  readonly train: LabelledImages;
  /** Those set aside, on which choices may be made. */
  readonly holdout: LabelledImages;
  readonly test: LabelledImages;
}

/** Random numbers that depend on nothing but what they are drawn for. */
export interface RandomStream {
  /** Uniform over all 32-bit unsigned integers. */
  uint32(): number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform over 0 .. n - 1. */
  integer(n: number): number;
  /** 0 .. n - 1 in random order. */
  permutation(n: number): Uint32Array;
  /** `k` different numbers of 0 .. n - 1 in random order. */
  sample(n: number, k: number): Uint32Array;
}

export interface StageContext {
  /** Id of the stage in the definition. */
  readonly id: string;
  readonly seed: number;
  readonly store: StageStore;
  /** Aborted when the run is cancelled or paused or the worker leaves: stop soon, as nothing is kept. */
  readonly signal: AbortSignal;
  /** Reads the run's data set into memory. */
  readonly dataset: () => Promise<StageDataset>;
  /**
   * Keyed by the run's seed, the type of stage and up to two numbers of yours from 0 to 2^32 - 1; calls with the
   * same numbers give the same stream.
   */
  readonly random: (...indices: readonly number[]) => RandomStream;
  /**
   * Says how far the work is; shown by `distillery status`. Without a word for as long as the stage's `stallTimeout`
   * the attempt counts as failed.
   */
  readonly progress: (done: number, total: number, metrics?: Readonly<Record<string, number>>) => void;
}

/** A compiled computation: values of its inputs by name, row-major, to those of its outputs in order. */
export type StageProgram = (inputs: Readonly<Record<string, Float32Array>>) => Float32Array[];

/** The network of the run, for the images and classes of its data set. */
export interface StageNetwork {
  /** Its steps, compiled: training, logits, gradients of the first and second order. */
  readonly programs: NetworkPrograms;
  /**
   * Fresh parameters, flat; keyed like `random`, so that the same numbers give the same parameters.
   *
   * @param index from 0 to 2^32 - 1
   */
  readonly initial: (index: number) => Float32Array;
}

/** What computes on the device of the slot. */
export interface StageEngine {
  readonly info: EngineInfo;
  /**
   * Compiles a computation once, to be run often.
   *
   * @param build adds it to the graph and returns its outputs; inputs are `graph.input(name, shape)`
   */
  readonly compile: (build: (graph: GraphBuilder) => readonly Node[]) => StageProgram;
  readonly network: () => Promise<StageNetwork>;
}

/** Of a stage that runs in the compute process. */
export interface ComputeStageContext extends StageContext {
  readonly engine: () => Promise<StageEngine>;
  /**
   * Lets messages in, such as the order to stop: await it now and then in work that computes without awaiting. Throws
   * when the stage is to stop; work that never awaits is killed then.
   */
  readonly breathe: () => Promise<void>;
}
