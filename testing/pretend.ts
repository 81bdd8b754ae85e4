/**
 * @file Activities that only pretend: they answer at once, remember what they were asked, and fail as told.
 */
import { Context } from '@temporalio/activity';
import { createHash } from 'node:crypto';
import type {
  Activities,
  BeginStageInput,
  ComputeActivities,
  LightActivities,
  Upstream,
} from '../activities/contract.js';
import { toFailure } from '../activities/failure.js';
import { settleStage } from '../activities/settle-stage.js';
import type { Reference } from '../artifacts/reference.js';
import { packPlan } from '../definition/packed-plan.js';
import type { StageSignature } from '../definition/custom-stages.js';
import type { OutputKind } from '../definition/outputs.js';
import type { CustomStage, Plan } from '../definition/plan.js';
import type { CustomOutput, EngineInfo, StageManifest, StageOutput } from '../definition/stages.js';

export const engine: EngineInfo = { name: 'pretend', oneDnn: false, threads: 1, cpu: 'none', device: 'cpu' };

export function reference(name: string): Reference {
  return {
    key: `blobs/${name}`,
    sha256: createHash('sha256').update(name).digest('hex'),
    bytes: name.length,
    mediaType: 'text/plain',
  };
}

/** What an activity was asked. */
export interface Call {
  readonly name: keyof Activities;
  readonly args: readonly unknown[];
}

/** Called before each answer; throws to make the activity fail, or waits. */
export type Interference = (call: Call, nth: number) => void | Promise<void>;

export class Pretend {
  readonly calls: Call[] = [];
  readonly manifests = new Map<string, StageManifest>();
  /** What `resolveImports` answers. */
  imported: Upstream = {};
  /** Most activities of compute that ran at once. */
  mostAtOnce = 0;
  private running = 0;
  private readonly counts = new Map<keyof Activities, number>();

  constructor(
    private readonly interfere: Interference = () => undefined,
    /** Types of stages whose outputs are made up as they are declared. */
    private readonly types: readonly StageSignature[] = [],
  ) {}

  count(name: keyof Activities): number {
    return this.counts.get(name) ?? 0;
  }

  readonly light: LightActivities = {
    compileDefinition: (definition, params) =>
      this.answer('compileDefinition', [definition, params], () => ({
        plan: packPlan(definition as Plan),
        definition: reference('definition'),
        storedPlan: reference('plan'),
      })),
    resolveDataset: (spec, seed, networks, perClass) =>
      this.answer('resolveDataset', [spec, seed, networks, perClass], () => ({
        manifest: reference(spec.source),
        holdout: spec.holdout,
        seed,
      })),
    resolveImports: (input) => this.answer('resolveImports', [input], () => this.imported),
    settleStage: (input) =>
      this.answer('settleStage', [input], () => {
        try {
          return settleStage(input);
        } catch (error) {
          throw toFailure(error);
        }
      }),
    beginStage: (input) =>
      this.answer('beginStage', [input], () => {
        const key = keyOf(input);
        const cached = input.cache ? this.manifests.get(key) : undefined;
        return cached === undefined ? { key } : { key, cached };
      }),
    finishStage: (input) =>
      this.answer('finishStage', [input], () => {
        const { startedAt: finishedAt, ...result } = input;
        const manifest = { ...result, workflowId: 'w', runId: 'r', finishedAt, seconds: 1 };
        this.manifests.set(input.key, manifest);
        return manifest;
      }),
    recordTrajectorySet: (input) =>
      this.answer('recordTrajectorySet', [input], () => ({
        type: 'train-experts',
        trajectories: reference(`set of ${input.trajectories.map(({ key }) => key).join()}`),
        count: input.trajectories.length,
        accuracyByEpoch: [0.1, 0.8],
        accuracy: 0.8,
        std: 0.01,
      })),
    selectCandidate: (input) =>
      this.answer('selectCandidate', [input], () => ({
        type: 'distill',
        result: first(input.candidates).result,
        metrics: input.metrics,
        iteration: first(input.candidates).iteration,
        iterations: input.iterations,
        learnedRate: 0.02,
        candidates: input.candidates.map(({ iteration, accuracies }) => ({
          iteration,
          accuracy: accuracies[0] ?? 0,
          std: 0,
        })),
      })),
    summariseEvaluation: (input) =>
      this.answer('summariseEvaluation', [input], () => ({
        type: 'evaluate',
        scores: reference('scores'),
        rows: input.scores.map(({ trainedOn, accuracies }) => ({
          trainedOn,
          architecture: 'ConvNet',
          mean: accuracies[0] ?? 0,
          std: 0,
          accuracies,
        })),
      })),
    writeReport: (input) =>
      this.answer('writeReport', [input], () => ({
        type: 'report',
        folder: 'results/tiny/',
        report: reference('report'),
        files: [],
      })),
    runCustomStage: (input, limits) =>
      this.work('runCustomStage', [input, limits], () => this.madeUp(input.stage)),
    discardCheckpoints: (input) => this.answer('discardCheckpoints', [input], () => undefined),
    searchesTags: (attribute) => this.answer('searchesTags', [attribute], () => false),
    cancelCaller: async () => {
      const { client, info } = Context.current();
      await client.workflow.getHandle(info.workflowExecution?.workflowId ?? '').cancel();
    },
  };

  readonly compute: ComputeActivities = {
    trainExpert: (input, limits) =>
      this.work('trainExpert', [input, limits], () => ({
        trajectory: reference(`expert ${input.index}`),
        accuracyByEpoch: [0.1, 0.8],
        reused: false,
        engine,
      })),
    distillChunk: (input, limits) =>
      this.work('distillChunk', [input, limits], () => ({
        iteration: input.to,
        checkpoint: reference(`checkpoint ${input.to}`),
        candidate: reference(`candidate ${input.to}`),
        metrics: reference(`metrics ${input.to}`),
        loss: 1 / input.to,
        learnedRate: 0.02,
        secondsPerIteration: 0.1,
        ...(input.config.method.name === 'kip' && { kernelAccuracy: { holdout: 0.5, test: 0.25 } }),
        resumedFrom: input.from,
        engine,
      })),
    evaluateNetwork: (input, limits) =>
      this.work('evaluateNetwork', [input, limits], () => ({
        accuracy: input.trainingSet.kind === 'random' ? 0.4 : 0.6,
        loss: 0.1,
        engine,
      })),
    selectImages: (input, limits) =>
      this.work('selectImages', [input, limits], () => ({
        result: reference(`${input.config.method.name} ${input.config.ipc}`),
        count: input.config.ipc,
        engine,
      })),
    computeStage: (input, limits) =>
      this.work('computeStage', [input, limits], () => ({ output: this.madeUp(input.stage), engine })),
  };

  /** The outputs of finished stages by stage type. */
  outputs(): { [T in StageOutput['type']]?: Extract<StageOutput, { type: T }> } {
    return Object.fromEntries([...this.manifests.values()].map(({ type, output }) => [type, output]));
  }

  private madeUp({ type, id }: CustomStage): CustomOutput {
    const declared = this.types.find(({ name }) => name === type)?.outputs ?? {
      result: 'images',
      contrast: 'number',
    };
    const several = Object.keys(declared).length > 2;
    const value = (name: string, kind: OutputKind): CustomOutput['outputs'][string] => {
      if (kind === 'number') return 0.25;
      if (kind === 'boolean') return true;
      if (kind === 'text') return name;
      return reference(`${type} of ${id}${several ? `: ${name}` : ''}`);
    };
    const entries = Object.entries(declared);
    return {
      type: 'custom',
      stage: type,
      document: reference(`outputs of ${id}`),
      outputs: Object.fromEntries(entries.map(([name, kind]) => [name, value(name, kind)])),
      images: Object.fromEntries(
        entries.flatMap(([name, kind]) => (kind === 'images' ? [[name, { ipc: 2, count: 20 }]] : [])),
      ),
    };
  }

  private async answer<R>(name: keyof Activities, args: unknown[], result: () => R): Promise<R> {
    const call = { name, args };
    this.calls.push(call);
    this.counts.set(name, this.count(name) + 1);
    await this.interfere(call, this.count(name));
    return result();
  }

  private async work<R>(name: keyof Activities, args: unknown[], result: () => R): Promise<R> {
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    try {
      return await this.answer(name, args, result);
    } finally {
      this.running -= 1;
    }
  }
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error('there are no candidates');
  return one;
}

function keyOf({ stage, inputs }: BeginStageInput): string {
  return createHash('sha256')
    .update(JSON.stringify([stage.uses, stage.with, inputs]))
    .digest('hex');
}

/** Works until cancelled, heartbeating as a compute activity does. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 100);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(timer);
  }
}
