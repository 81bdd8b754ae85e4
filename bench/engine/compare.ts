/**
 * @file One case of the benchmark: the same inputs to both sides, their numbers compared, their times taken in
 * turn.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, tensorOf, writeSafetensors } from '../../artifacts/safetensors.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import { workInputs } from './inputs.js';
import { benchNetwork, isBuildable } from './network.js';
import type { Side, SideDescription } from './side.js';
import { median, ratioOf, type Ratio } from './statistics.js';
import { toleranceOf } from './tolerances.js';
import type { BenchCase } from './works.js';

export interface SideResult {
  readonly description: SideDescription;
  /** Of every repetition, scaled as the case says. */
  readonly seconds: readonly number[];
  readonly median: number;
  readonly peakBytes?: number;
}

/** How far the two sides' numbers are apart. */
export interface Check {
  readonly tensor: string;
  /** `|ours - theirs| / |theirs|`, Euclidean norms. */
  readonly relativeError: number;
  readonly tolerance: number;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly timeTarget?: number;
  readonly memoryTarget?: number;
  /** Absent when the network cannot be built yet. */
  readonly ours?: SideResult;
  readonly torch?: SideResult;
  readonly ratio?: Ratio;
  /** Ours in units of PyTorch's peak. */
  readonly memoryRatio?: number;
  readonly checks: readonly Check[];
}

/** Starts a side on a folder of inputs. */
export type StartSide = (folder: string) => Side;

export interface Sides {
  readonly ours: StartSide;
  /** Absent: nobody to compare with. */
  readonly torch?: StartSide;
}

/** @param repeats measured repetitions of each side, after one that is not counted */
export async function runCase(bench: BenchCase, sides: Sides, repeats: number): Promise<CaseResult> {
  const { name, title, note, timeTarget, memoryTarget, work } = bench;
  const about = {
    name,
    title,
    ...(note !== undefined && { note }),
    ...(timeTarget !== undefined && { timeTarget }),
    ...(memoryTarget !== undefined && { memoryTarget }),
  };
  if (!isBuildable(work.network)) return { ...about, checks: [] };
  const folder = mkdtempSync(join(tmpdir(), 'distillery-bench-'));
  const network = benchNetwork(work);
  writeFileSync(join(folder, 'inputs.safetensors'), writeSafetensors(workInputs(work, network)));
  writeFileSync(join(folder, 'work.json'), JSON.stringify({ work, parameters: network.parameters }));
  const startTorch = bench.oursOnly === true ? undefined : sides.torch;
  const running = [sides.ours(folder), ...(startTorch === undefined ? [] : [startTorch(folder)])];
  try {
    const descriptions = await Promise.all(running.map((side) => side.ready()));
    const checks = await compareNumbers(folder, running, bench.toleranceFactor ?? 1);
    const seconds = await inTurn(running, repeats, bench.scale);
    const [ours, torch] = running.map((side, at): SideResult | undefined => {
      const [description, times] = [descriptions[at], seconds[at]];
      if (description === undefined || times === undefined) return undefined;
      const peakBytes = side.peakBytes();
      return {
        description,
        seconds: times,
        median: median(times),
        ...(peakBytes !== undefined && { peakBytes }),
      };
    });
    const memoryRatio = (ours?.peakBytes ?? NaN) / (torch?.peakBytes ?? NaN);
    return {
      ...about,
      checks,
      ...(ours !== undefined && { ours }),
      ...(torch !== undefined && { torch }),
      ...(ours !== undefined && torch !== undefined && { ratio: ratioOf(ours.seconds, torch.seconds) }),
      ...(Number.isFinite(memoryRatio) && { memoryRatio }),
    };
  } finally {
    await Promise.all(running.map((side) => side.end()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One side after the other, so that both meet the same weather. */
async function inTurn(sides: readonly Side[], repeats: number, scale: number): Promise<number[][]> {
  const seconds = sides.map((): number[] => []);
  for (let repeat = -1; repeat < repeats; repeat++)
    for (const [at, side] of sides.entries()) {
      const taken = await side.run();
      if (repeat >= 0) seconds[at]?.push(taken * scale);
    }
  return seconds;
}

async function compareNumbers(folder: string, sides: readonly Side[], factor: number): Promise<Check[]> {
  for (const side of sides) await side.check();
  if (sides.length < 2) return [];
  const read = (name: string) => readSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  const [ours, theirs] = [read('ours'), read('torch')];
  return [...theirs.tensors.keys()].map((tensor) => ({
    tensor,
    relativeError: relativeError(tensorOf(ours, tensor, 'F64').data, tensorOf(theirs, tensor, 'F64').data),
    tolerance: factor * toleranceOf(tensor),
  }));
}
