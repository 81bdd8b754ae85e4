/**
 * @file The `distill` stage: a loop of chunks, each an activity that ends in a checkpoint. Checkpoints that
 * may become the result are evaluated on the held-out split beside the next chunk.
 */
import type { Candidate } from '../activities/contract.js';
import type { Reference } from '../artifacts/reference.js';
import type { DistillChunkResult, EvaluateNetworkInput } from '../compute/protocol.js';
import type { DistillStage } from '../definition/plan.js';
import type { StageOutput } from '../definition/stages.js';
import { inGroup, type Group } from './group.js';
import { checkHistory, GoOnInNewRun, historyIsLong } from './history.js';
import { light } from './proxies.js';
import { runStage, type StageWork } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { distillationInputs, type DistillationInputs } from './stage-inputs.js';

/** Where the loop is between two chunks. */
export interface DistillPosition {
  readonly iteration: number;
  readonly candidates: readonly Measured[];
  /** Of the chunks so far; absent before the first and in what older versions have left. */
  readonly metrics?: Reference | undefined;
}

/** A candidate with the accuracies so far, null where there is none yet. */
type Measured = Omit<Candidate, 'accuracies'> & { readonly accuracies: (number | null)[] };

export type DistillInput = StageInput<DistillStage, DistillPosition>;

/** As for every training on synthetic images: method, section 7. */
const candidateTraining = { lr: 'learned', momentum: 0.9, weightDecay: 5e-4, batchSize: 256 } as const;

/** Distils the data set and selects the result among its candidates. */
export async function distill(input: DistillInput): Promise<StageOutcome> {
  const inputs = () => distillationInputs(input.stage.with, input.upstream);
  return runStage(input, inputs, async (stage) => {
    const loop = new ChunkLoop(input, inputs(), stage);
    stage.resumeFrom(() => loop.position);
    await loop.run();
    if (!loop.finished) throw new GoOnInNewRun('iterations are missing');
    return loop.select();
  });
}

class ChunkLoop {
  private iteration: number;
  private readonly candidates: Measured[];
  private metrics: Reference | undefined;

  constructor(
    private readonly input: DistillInput,
    private readonly inputs: DistillationInputs,
    private readonly stage: StageWork<DistillPosition>,
  ) {
    const { iteration = 0, candidates = [], metrics } = input.resume?.position ?? {};
    this.iteration = iteration;
    this.candidates = [...candidates];
    this.metrics = metrics;
  }

  get finished(): boolean {
    return this.iteration === this.input.stage.with.iterations;
  }

  get position(): DistillPosition {
    const { iteration, candidates, metrics } = this;
    return { iteration, candidates, metrics };
  }

  /** Runs chunk after chunk to the end, or until the history grows long; waits for evaluations. */
  async run(): Promise<void> {
    const { maxParallel } = this.input.stage;
    this.stage.progress.at(this.iteration);
    await inGroup(maxParallel, async (evaluations) => {
      for (const candidate of this.candidates) this.evaluate(candidate, evaluations);
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
      ...this.inputs,
      config: { method, ipc, init: typeof init === 'string' ? init : 'given', augmentation },
      iterations: stage.with.iterations,
      from,
      to,
    });
    this.iteration = to;
    this.metrics = chunk.metrics;
    this.stage.ranOn(chunk.engine);
    const { loss, learnedRate, secondsPerIteration, kernelAccuracy: { holdout, test } = {} } = chunk;
    this.stage.progress.at(to, {
      loss,
      learnedRate,
      secondsPerIteration,
      ...(holdout !== undefined && { kernelHoldoutAccuracy: holdout }),
      ...(test !== undefined && { kernelTestAccuracy: test }),
    });
    return chunk;
  }

  /** Evaluates a checkpoint on the held-out split; without one the last checkpoint will be the result. */
  private addCandidate(chunk: DistillChunkResult, evaluations: Group): void {
    const { iteration, candidate: result, learnedRate, kernelAccuracy } = chunk;
    const { dataset } = this.input.run;
    const runs = dataset.holdout > 0 ? this.input.stage.with.selection.runs : 0;
    const candidate: Measured = {
      iteration,
      result,
      learnedRate,
      accuracies: Array<null>(runs).fill(null),
      ...(kernelAccuracy && { kernelAccuracy }),
    };
    this.candidates.push(candidate);
    this.evaluate(candidate, evaluations);
  }

  /** Measures what is missing of a candidate. */
  private evaluate({ iteration, result, accuracies }: Measured, evaluations: Group): void {
    for (const [run, measured] of accuracies.entries()) {
      if (measured !== null) continue;
      evaluations.start(async () => {
        checkHistory();
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

  select(): Promise<StageOutput> {
    const { metrics } = this;
    const { iterations } = this.input.stage.with;
    if (metrics === undefined) throw new Error('a finished loop has run a chunk');
    const candidates = this.candidates.map((candidate) => ({
      ...candidate,
      accuracies: candidate.accuracies.filter((accuracy) => accuracy !== null),
    }));
    return this.stage.unit('selection', () => light.selectCandidate({ candidates, iterations, metrics }));
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
