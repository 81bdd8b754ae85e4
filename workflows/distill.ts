/**
 * @file The `distill` stage: a loop of chunks, each an activity that ends in a checkpoint. Checkpoints that
 * may become the result are evaluated on the held-out split beside the next chunk.
 */
import { continueAsNew } from '@temporalio/workflow';
import type { Candidate } from '../activities/contract.js';
import type { Reference } from '../artifacts/reference.js';
import type { DistillChunkResult, EvaluateNetworkInput } from '../compute/protocol.js';
import type { DistillStage } from '../definition/plan.js';
import type { EngineInfo } from '../definition/stages.js';
import { inGroup, type Group } from './group.js';
import { light } from './proxies.js';
import { historyIsLong, runStage, type Produced, type StageWork } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { resolveOutput } from './upstream.js';

/** Where the loop is between two chunks. */
export interface DistillPosition {
  readonly iteration: number;
  readonly candidates: readonly Candidate[];
}

export type DistillInput = StageInput<DistillStage, DistillPosition>;

/** As for every training on synthetic images: method, section 7. */
const candidateTraining = { lr: 'learned', momentum: 0.9, weightDecay: 5e-4, batchSize: 256 } as const;

/** Distils the data set and selects the result among its candidates. */
export async function distill(input: DistillInput): Promise<StageOutcome> {
  const { iterations, trajectories } = input.stage.with;
  const inputs = () => ({ trajectories: resolveOutput(input.upstream, trajectories) });
  return runStage(input, inputs, iterations, async (stage) => {
    const loop = new ChunkLoop(input, inputs().trajectories, stage);
    await loop.run();
    if (!loop.finished) {
      await continueAsNew<typeof distill>({ ...input, resume: stage.resumption(loop.position) });
    }
    return loop.select();
  });
}

class ChunkLoop {
  private iteration: number;
  private readonly candidates: Candidate[];
  private metrics: Reference | undefined;
  private engine: EngineInfo | undefined;

  constructor(
    private readonly input: DistillInput,
    private readonly trajectories: Reference,
    private readonly stage: StageWork,
  ) {
    this.iteration = input.resume?.position.iteration ?? 0;
    this.candidates = [...(input.resume?.position.candidates ?? [])];
  }

  get finished(): boolean {
    return this.iteration === this.input.stage.with.iterations;
  }

  get position(): DistillPosition {
    return { iteration: this.iteration, candidates: this.candidates };
  }

  /** Runs chunk after chunk to the end, or until the history grows long; waits for evaluations. */
  async run(): Promise<void> {
    const { maxParallel } = this.input.stage;
    this.stage.progress.at(this.iteration);
    await inGroup(maxParallel, async (evaluations) => {
      while (!this.finished && !historyIsLong()) {
        const chunk = await this.runChunk();
        if (isCandidate(this.input.stage, this.iteration)) this.addCandidate(chunk, evaluations);
      }
    });
  }

  private async runChunk(): Promise<DistillChunkResult> {
    const { stage, run } = this.input;
    const from = this.iteration;
    const to = nextBoundary(stage, from);
    const { method, ipc, init, augmentation } = stage.with;
    const what = to === from + 1 ? `iteration ${to}` : `iterations ${from + 1}–${to}`;
    const chunk = await this.stage.compute('distillChunk', what, {
      ...run,
      trajectories: this.trajectories,
      config: { method, ipc, init, augmentation },
      iterations: stage.with.iterations,
      from,
      to,
    });
    this.iteration = to;
    this.metrics = chunk.metrics;
    this.engine = chunk.engine;
    const { loss, learnedRate, secondsPerIteration } = chunk;
    this.stage.progress.at(to, { loss, learnedRate, secondsPerIteration });
    return chunk;
  }

  /** Evaluates a checkpoint on the held-out split; without one the last checkpoint will be the result. */
  private addCandidate(chunk: DistillChunkResult, evaluations: Group): void {
    const { iteration, candidate: result, learnedRate } = chunk;
    const { dataset } = this.input.run;
    const runs = dataset.holdout > 0 ? this.input.stage.with.selection.runs : 0;
    const accuracies: number[] = new Array<number>(runs).fill(0);
    this.candidates.push({ iteration, result, learnedRate, accuracies });
    for (let run = 0; run < runs; run += 1) {
      evaluations.start(async () => {
        const what = `candidate ${iteration} run ${run}`;
        const { accuracy } = await this.stage.compute('evaluateNetwork', what, this.training(result, run));
        accuracies[run] = accuracy;
        this.stage.progress.at(this.iteration, { holdoutAccuracy: accuracy });
      });
    }
  }

  private training(result: Reference, run: number): EvaluateNetworkInput {
    const { selection, augmentation } = this.input.stage.with;
    return {
      ...this.input.run,
      ...candidateTraining,
      trainingSet: { kind: 'distilled', result },
      split: 'holdout',
      epochs: selection.epochs,
      augmentation,
      run,
    };
  }

  async select(): Promise<Produced> {
    const { metrics, engine } = this;
    const { iterations } = this.input.stage.with;
    if (metrics === undefined) throw new Error('a finished loop has run a chunk');
    const output = await this.stage.unit('selection', () =>
      light.selectCandidate({ candidates: this.candidates, iterations, metrics }),
    );
    return { output, ...(engine && { engine }) };
  }
}

/** Whether the checkpoint after `iteration` iterations may become the result. */
function isCandidate({ with: { iterations, selection } }: DistillStage, iteration: number): boolean {
  return iteration === iterations || iteration % selection.every === 0;
}

/** End of the chunk that begins after `from` iterations; chunks end at every candidate. */
function nextBoundary({ chunkIterations, with: config }: DistillStage, from: number): number {
  const { every } = config.selection;
  const nextCandidate = (Math.floor(from / every) + 1) * every;
  return Math.min(from + chunkIterations, nextCandidate, config.iterations);
}
