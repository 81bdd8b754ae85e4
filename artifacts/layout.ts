/**
 * @file Every key of the bucket is built here. Keys are `[a-z0-9/._-]`, and no object's key is a prefix of
 * another's, so that they also work on stores that keep objects in directories.
 */
import { DistilleryError } from '../errors/errors.js';
import { sha256 } from './digest.js';

/** Content-addressed bytes. */
export function blobKey(sha256: string): string {
  return `blobs/sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** The folders that all blobs lie in, each ending in `/`; a blob's name in its folder is its digest. */
export function blobFolders(): string[] {
  return Array.from({ length: 256 }, (_, byte) => `blobs/sha256/${byte.toString(16).padStart(2, '0')}/`);
}

/** A pipeline's definition as it was sent. A running pipeline refers to it, however long it runs. */
export function definitionKey(sha256: string): string {
  return `definitions/${sha256}.yaml`;
}

/** The plan compiled from a definition, beside it for the same reason. */
export function planKey(sha256: string): string {
  return `definitions/${sha256}.json`;
}

export function datasetKey(name: string): string {
  return `datasets/${name}.json`;
}

/** `Trajectory` manifest of one expert, by its unit key. */
export function expertKey(unit: string): string {
  return `experts/${unit}.json`;
}

/** Result of one evaluation, by its unit key. */
export function evaluationKey(unit: string): string {
  return `evaluations/${unit}.json`;
}

/** Whitening of a data set, by its unit key. */
export function whiteningKey(unit: string): string {
  return `whitenings/${unit}.json`;
}

/** `TrajectorySet` manifest of a stage's experts, by the stage key. */
export function trajectorySetKey(stage: string): string {
  return `trajectory-sets/${stage}.json`;
}

export function stageKey(type: string, key: string): string {
  return `stages/${type}/${key}.json`;
}

/** What a stage key is the digest of. */
export function identityKey(stage: string): string {
  return `identities/${stage}.json`;
}

/** Prefix of what is recorded of the stages of the runs of one workflow id, which may be any text. */
export function runStagesPrefix(workflowId: string): string {
  return `runs/${slug(workflowId).slice(0, 80)}.${sha256(workflowId).slice(0, 16)}/`;
}

/** Which result a stage of a run had. */
export function runStageKey(workflowId: string, stage: string): string {
  const readable = slug(stage).slice(0, 80);
  // The id of a cell, `distill[ipc=1]`, is no part of a key as it is.
  const name = readable === stage ? stage : `${readable}.${sha256(stage).slice(0, 16)}`;
  return `${runStagesPrefix(workflowId)}${name}.json`;
}

/** Prefix of all checkpoints of one unit of work. */
export function checkpointPrefix(unit: string): string {
  return `checkpoints/${unit}/`;
}

/** Checkpoints of the runs of a unit of work that go as far as `goal`; without one, those of all runs too. */
export function lineageFolder(unit: string, goal: number | undefined): string {
  return `${checkpointPrefix(unit)}${goal === undefined ? '' : `to-${goal}/`}`;
}

/** Ten digits keep the order of keys the order of sequence numbers. */
export function checkpointKey(
  unit: string,
  sequence: number,
  sha256: string,
  goal: number | undefined,
): string {
  return `${lineageFolder(unit, goal)}s-${sequence.toString().padStart(10, '0')}-${sha256}.safetensors`;
}

/** A part of a checkpoint that is larger than one object may be. */
export function checkpointPartKey(
  unit: string,
  sequence: number,
  sha256: string,
  goal: number | undefined,
): string {
  return `${lineageFolder(unit, goal)}p-${sequence.toString().padStart(10, '0')}-${sha256}.part`;
}

/** Prefix of what is recorded of one distillation while it goes on. */
export function distillationPrefix(unit: string): string {
  return `distillations/${unit}/`;
}

/** Where a distillation stood after so many iterations. */
export function chunkKey(unit: string, iteration: number): string {
  return `${distillationPrefix(unit)}${iteration.toString().padStart(10, '0')}.json`;
}

/** The sequence number and digest that a checkpoint's key carries, or undefined for any other key. */
export function parseCheckpointKey(key: string): { sequence: number; sha256: string } | undefined {
  const match = /\/s-([0-9]{10})-([0-9a-f]{64})\.safetensors$/.exec(key);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { sequence: Number(match[1]), sha256: match[2] };
}

/** The same of a part of a checkpoint. */
export function parseCheckpointPartKey(key: string): { sequence: number; sha256: string } | undefined {
  const match = /\/p-([0-9]{10})-([0-9a-f]{64})\.part$/.exec(key);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { sequence: Number(match[1]), sha256: match[2] };
}

/** Prefix of a result folder, ending in `/`: readable, and one for each run. */
export function resultPrefix(pipeline: string, workflowId: string, runId: string): string {
  return `results/${slug(pipeline)}/${slug(workflowId)}/${slug(runId)}/`;
}

/** Name of an epoch inside a trajectory: `e-0007`. */
export function epochName(epoch: number): string {
  return `e-${epoch.toString().padStart(4, '0')}`;
}

/** A name as part of a key: lower case, anything else than `[a-z0-9._-]` becomes `-`. */
export function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return text === '' ? 'unnamed' : text;
}

/**
 * @throws DistilleryError `StoreRefused` for a key that some store or client would mishandle.
 */
export function checkKey(key: string): void {
  const segments = key.split('/');
  const bad =
    !/^[a-z0-9/._-]{1,900}$/.test(key) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..') ||
    // The minio client turns such keys into numbers when it lists them.
    !Number.isNaN(Number(key));
  if (bad) {
    throw new DistilleryError(
      'StoreRefused',
      `${JSON.stringify(key)} is not a valid object key: use a-z, 0-9, "/", ".", "_" and "-", without empty or dotted parts.`,
    );
  }
}
