/**
 * @file Starts a compute process: with the environment the engine needs, and so that it dies with us.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stagesVariable } from '../custom/stage-modules.js';
import type { ImageRoom } from '../datasets/load.js';
import { modulesVariable } from '../networks/modules.js';
import { deviceVariable, engineEnvironment } from '../tensor/environment.js';
import { defaultCheckpointSeconds, type CheckpointInterval } from './checkpoint-policy.js';

/** Variable by which the child is told its checkpoint interval. */
const intervalVariable = 'DISTILLERY_CHECKPOINT_INTERVAL';
/** Variable by which the child is told how much memory it may take, in bytes. */
const memoryVariable = 'DISTILLERY_PROCESS_MEMORY_LIMIT';
/** Variable by which the child is told where it may have images, as JSON. */
const imagesVariable = 'DISTILLERY_PROCESS_IMAGES';

export interface SpawnOptions {
  /** Threads the engine may use. */
  readonly threads: number;
  /** CUDA device this process owns; all when absent. */
  readonly device?: string;
  /** Default 10. */
  readonly checkpointInterval?: CheckpointInterval;
  /** Modules that define networks, as `modulesValue` gives them; by default those of the environment. */
  readonly networks?: string;
  /** Modules that define types of stages, as `stageModulesValue` gives them; by default those of the environment. */
  readonly stages?: string;
  /** Bytes that the child may hold; it is stopped when it holds more. Default: no limit. */
  readonly memoryLimit?: number;
  /** Where the child may have images. Default: in memory, all of them. */
  readonly imageRoom?: ImageRoom;
  /** Module to run instead of distillery's own child. */
  readonly entry?: string;
}

export function spawnCompute({
  threads,
  device,
  checkpointInterval = defaultCheckpointSeconds,
  networks,
  stages,
  memoryLimit,
  imageRoom,
  entry,
}: SpawnOptions): ChildProcess {
  const setpriv = findSetpriv();
  return fork(entry ?? fileURLToPath(new URL('./child.js', import.meta.url)), {
    env: {
      ...withoutTemporal(process.env),
      ...engineEnvironment(threads),
      [intervalVariable]: String(checkpointInterval),
      [memoryVariable]: memoryLimit === undefined ? '' : String(memoryLimit),
      [imagesVariable]: imageRoom === undefined ? '' : JSON.stringify(imageRoom),
      ...(device !== undefined && { CUDA_VISIBLE_DEVICES: device, [deviceVariable]: device }),
      ...(networks !== undefined && { [modulesVariable]: networks }),
      ...(stages !== undefined && { [stagesVariable]: stages }),
    },
    // Whatever flags started the worker are not meant for its children.
    execArgv: [],
    // The kernel ends the child with its parent where it can; the child watches as well.
    ...(setpriv !== undefined && {
      execPath: setpriv,
      execArgv: ['--pdeathsig', 'KILL', process.execPath],
    }),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/**
 * The child computes and talks to the store alone: what opens Temporal, or what lies there, is not for it, nor
 * for the modules of networks and stages that it loads.
 */
function withoutTemporal(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !/^(TEMPORAL|DISTILLERY_CODEC)_/.test(name));
  return Object.fromEntries(kept);
}

/** The child's side: what its parent decided. */
export function checkpointIntervalFrom(environment: NodeJS.ProcessEnv): CheckpointInterval {
  const given = environment[intervalVariable];
  return given === 'off' ? 'off' : Number(given ?? defaultCheckpointSeconds);
}

/** The child's side: how much memory it may take. */
export function memoryLimitFrom(environment: NodeJS.ProcessEnv): number | undefined {
  const given = environment[memoryVariable] ?? '';
  return given === '' ? undefined : Number(given);
}

/** Linux's own way to tie a process to its parent, from util-linux; undefined where it is missing. */
function findSetpriv(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'setpriv'))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the images may be, as the parent said. */
export function imageRoomFrom(environment: NodeJS.ProcessEnv): ImageRoom | undefined {
  const text = environment[imagesVariable];
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as ImageRoom);
}
