/**
 * @file What a running pipeline can be told: pause, resume, retry a stage, cancel. What makes no sense is
 * rejected before anything is done, with what to do instead.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
  type ChildWorkflowHandle,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { Pause, StageStatus } from '../definition/stages.js';
import {
  cancelPipeline,
  pausePipeline,
  pauseSignal,
  resumePipeline,
  resumeSignal,
  retryStage,
  stageDiscard,
  stagePause,
  stageResume,
  stageRetry,
  type CancelOptions,
  type PauseOptions,
} from './messages.js';
import { PauseGate } from './pause-gate.js';
import type { PipelineProgress } from './pipeline-progress.js';
import { light } from './proxies.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { defaultBudget, runUnit } from './units.js';

type Stage = ChildWorkflowHandle<(input: StageInput) => Promise<StageOutcome>>;

export class PipelineControl {
  readonly gate = new PauseGate(undefined);
  private readonly running = new Map<string, Stage>();
  private discarding = false;
  private cancelling = false;

  constructor(private readonly progress: PipelineProgress) {}

  /** Begins to take updates and signals. */
  listen(): void {
    setHandler(pausePipeline, (options) => this.pause(options), {
      validator: (options) => this.checkPause(options),
    });
    setHandler(resumePipeline, () => this.resume(), { validator: () => this.checkResume() });
    setHandler(retryStage, (stage) => this.retry(stage), { validator: (stage) => this.checkRetry(stage) });
    setHandler(cancelPipeline, (options) => this.cancel(options), { validator: checkCancel });
    // A signal cannot be rejected; one that makes no sense changes nothing.
    setHandler(pauseSignal, async (options) => {
      if (this.gate.current === undefined) await this.pause(options);
    });
    setHandler(resumeSignal, async () => {
      if (this.gate.current !== undefined) await this.resume();
    });
  }

  /** A stage has started; it learns what the pipeline was told while it did. */
  async started(id: string, stage: Stage): Promise<void> {
    this.running.set(id, stage);
    if (this.gate.current !== undefined) await say(stage, stagePause, this.gate.current);
    if (this.discarding) await say(stage, stageDiscard);
  }

  ended(id: string): void {
    this.running.delete(id);
  }

  /** Before a cancelled pipeline ends: whoever asked gets an answer. */
  async settled(): Promise<void> {
    if (this.cancelling) await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }

  private async pause(options: PauseOptions | undefined): Promise<Pause> {
    const reason = options?.reason;
    const pause: Pause = { since: new Date().toISOString(), ...(reason !== undefined && { reason }) };
    this.gate.close(pause);
    this.progress.pause(pause);
    await this.sayToAll(stagePause, pause);
    return pause;
  }

  private async resume(): Promise<Pause | undefined> {
    const pause = this.gate.current;
    this.gate.open();
    this.progress.pause(undefined);
    await this.sayToAll(stageResume);
    return pause;
  }

  private async retry(id: string): Promise<undefined> {
    const stage = this.running.get(id);
    const status = this.stage(id);
    if (stage === undefined || status === undefined) return undefined;
    this.progress.retried(status);
    await say(stage, stageRetry);
    return undefined;
  }

  /** The server is asked to cancel, so that the run ends as one that was cancelled from outside. */
  private async cancel(options: CancelOptions | undefined): Promise<undefined> {
    this.cancelling = true;
    await CancellationScope.nonCancellable(async () => {
      if (options?.keepCheckpoints === false) {
        this.discarding = true;
        await this.sayToAll(stageDiscard);
      }
      await runUnit(
        'cancellation',
        () => light.cancelCaller(),
        defaultBudget,
        () => undefined,
      );
    });
    return undefined;
  }

  private checkPause(options: unknown): void {
    const reason = optionOf(options, 'reason', 'pause');
    if (reason !== undefined && typeof reason !== 'string') {
      throw rejection('`reason` is a text: {"reason": "maintenance"}.');
    }
    const pause = this.gate.current;
    if (pause === undefined) return;
    const why = pause.reason === undefined ? '' : ` (${pause.reason})`;
    throw rejection(`It has been paused since ${pause.since}${why}; \`resume\` goes on.`);
  }

  private checkResume(): void {
    if (this.gate.current === undefined) throw rejection('It is not paused.');
  }

  private checkRetry(id: unknown): void {
    const waiting = this.progress.waitingForRetry;
    const choice =
      waiting.length === 0 ? 'No stage waits for a retry' : `Stages that wait for one: ${waiting.join(', ')}`;
    if (typeof id !== 'string') throw rejection(`Give the id of a stage, as a JSON text. ${choice}.`);
    const stage = this.stage(id);
    if (stage === undefined) throw rejection(`There is no stage "${id}". ${choice}.`);
    if (stage.state === 'failed' && stage.retryWith === undefined) {
      throw rejection(
        `Stage ${id} has failed for good; it would wait with \`onFailure: wait\`. ` +
          'Start the definition again once this run has ended: what is finished is reused.',
      );
    }
    if (stage.retryWith === undefined) {
      throw rejection(`Stage ${id} has not failed, it is ${stage.state}. ${choice}.`);
    }
  }

  private stage(id: string): StageStatus | undefined {
    return this.progress.stage(id);
  }

  private async sayToAll<Args extends unknown[]>(what: SignalDefinition<Args>, ...args: Args): Promise<void> {
    await Promise.all([...this.running.values()].map((stage) => say(stage, what, ...args)));
  }
}

/** A stage that has just ended no longer needs to know. */
async function say<Args extends unknown[]>(
  stage: Stage,
  what: SignalDefinition<Args>,
  ...args: Args
): Promise<void> {
  await stage.signal(what, ...args).catch(() => undefined);
}

function checkCancel(options: unknown): void {
  const keep = optionOf(options, 'keepCheckpoints', 'cancel');
  if (keep !== undefined && typeof keep !== 'boolean') {
    throw rejection('`keepCheckpoints` is true or false: {"keepCheckpoints": false}.');
  }
}

/** The value of the one option that an update takes. */
function optionOf(options: unknown, name: string, update: string): unknown {
  if (options === undefined || options === null) return undefined;
  const entries: [string, unknown][] =
    typeof options === 'object' ? Object.entries(options) : [['', options]];
  const unknown = entries.find(([key]) => key !== name);
  if (unknown !== undefined) throw rejection(`\`${update}\` takes nothing but {"${name}": …}.`);
  return entries[0]?.[1];
}

function rejection(message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, 'InvalidDefinition');
  failure.stack = '';
  return failure;
}
