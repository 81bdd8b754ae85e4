/**
 * @file Pretend work that keeps a ledger: for whom it was done, and of what. Among a thousand cells a count would
 * not show what was lost, done twice or mixed up.
 */
import { Context } from '@temporalio/activity';
import type { ComputeActivities } from '../../activities/contract.js';
import { compile } from '../../definition/index.js';
import { Pretend, reference } from '../../test/workflows/pretend.js';

/** A distillation, its evaluation, and by what it is told apart from others. */
export interface ExpectedCell {
  readonly distill: string;
  readonly evaluate: string;
  readonly ipc: number;
  readonly synSteps: number;
  /** Of the experts that it follows. */
  readonly epochs: number;
}

/** As `scale-definitions.ts` has it: experts, iteration of the first candidate, evaluated networks. */
const [experts, candidateAt, runs] = [2, 100, 2];

const expertOf = (epochs: number, index: number) => reference(`expert ${index} of ${epochs} epochs`);
const imagesOf = (ipc: number, synSteps: number, trajectories: string, iteration: number) =>
  reference(`${ipc} images, ${synSteps} steps, ${trajectories}, iteration ${iteration}`);

export class Ledger {
  readonly pretend = new Pretend();
  /** Digests of images, and the networks that were trained on them, by the workflow that asked for it. */
  private readonly distilled = new Map<string, string[]>();
  private readonly evaluated = new Map<string, string[]>();

  constructor() {
    const { light, compute } = this.pretend;
    const { compileDefinition } = light;
    Object.assign(light, {
      compileDefinition: (text: string) => compileDefinition(compile(text).plan),
    });
    const { trainExpert, distillChunk, evaluateNetwork } = compute;
    const recorded: Pick<ComputeActivities, 'trainExpert' | 'distillChunk' | 'evaluateNetwork'> = {
      trainExpert: async (input, limits) => ({
        ...(await trainExpert(input, limits)),
        trajectory: expertOf(input.config.epochs, input.index),
      }),
      distillChunk: async (input, limits) => {
        const { config, trajectories, to } = input;
        const synSteps = config.method.name === 'mtt' ? config.method.synSteps : 0;
        const candidate = imagesOf(config.ipc, synSteps, trajectories?.key ?? '', to);
        record(this.distilled, candidate.sha256);
        return { ...(await distillChunk(input, limits)), candidate };
      },
      evaluateNetwork: async (input, limits) => {
        const { trainingSet, split, run } = input;
        if (trainingSet.kind === 'distilled' && split === 'test')
          record(this.evaluated, `${run} ${trainingSet.result.sha256}`);
        return evaluateNetwork(input, limits);
      },
    };
    Object.assign(compute, recorded);
  }

  /** What was not done once, or of something else than it should be; a line each. */
  problems(cells: readonly ExpectedCell[]): string[] {
    return cells.flatMap(({ distill, evaluate, ipc, synSteps, epochs }) => {
      const keys = Array.from({ length: experts }, (_, index) => expertOf(epochs, index).key);
      const trajectories = reference(`set of ${keys.join()}`).key;
      const images = imagesOf(ipc, synSteps, trajectories, candidateAt).sha256;
      const networks = Array.from({ length: runs }, (_, run) => `${run} ${images}`);
      const made = this.distilled.get(distill)?.filter((one) => one === images) ?? [];
      const trained = this.evaluated.get(evaluate)?.toSorted() ?? [];
      return [
        ...(made.length === 1 ? [] : [`${distill} distilled its images ${made.length} times`]),
        ...(trained.join() === networks.join() ? [] : [`${evaluate} trained ${trained.join() || 'nothing'}`]),
      ];
    });
  }
}

function record(entries: Map<string, string[]>, entry: string): void {
  const workflow = Context.current().info.workflowExecution?.workflowId ?? '';
  entries.set(workflow, [...(entries.get(workflow) ?? []), entry]);
}
