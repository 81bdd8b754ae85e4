/**
 * @file From the events of one history to entries of the log.
 */
import type { Client } from '@temporalio/client';

import type { Activities, CompiledDefinition } from '../../activities/contract.js';
import { parseStageOfRun } from '../../definition/imports.js';
import type { StageOutcome } from '../../workflows/stage-input.js';
import { formatAccuracy, formatDuration, formatValue } from '../terminal/format.js';
import {
  decoded,
  failureWords,
  type FailureWords,
  type HistoryEvent,
  type Payloads,
  timeOf,
} from './history.js';
import type { LogEntry, LogKind } from './log.js';

type Attributes<Name extends keyof HistoryEvent> = NonNullable<HistoryEvent[Name]>;

/** Bookkeeping is worth a line only when it fails; what a pipeline does itself has its name in words. */
const activities: Readonly<
  Record<keyof Activities, 'work' | 'bookkeeping' | { readonly ofPipeline: string }>
> = {
  compileDefinition: { ofPipeline: 'the definition' },
  resolveDataset: { ofPipeline: 'the data set' },
  resolveImports: { ofPipeline: 'the results of other runs' },
  searchesTags: 'bookkeeping',
  settleStage: 'bookkeeping',
  beginStage: 'bookkeeping',
  finishStage: 'bookkeeping',
  recordTrajectorySet: 'bookkeeping',
  selectCandidate: 'bookkeeping',
  summariseEvaluation: 'bookkeeping',
  discardCheckpoints: 'bookkeeping',
  cancelCaller: 'bookkeeping',
  writeReport: 'work',
  runCustomStage: 'work',
  computeStage: 'work',
  trainExpert: 'work',
  distillChunk: 'work',
  evaluateNetwork: 'work',
  selectImages: 'work',
};

/** Activities of other versions count as work. */
function roleOf(type: string): (typeof activities)[keyof Activities] {
  return Object.hasOwn(activities, type) ? activities[type as keyof Activities] : 'work';
}
/** What the failure of a leaving worker is called. */
const leaving: ReadonlySet<string> = new Set(['Preempted', 'WorkerShutdown', 'HEARTBEAT']);
/** Updates and signals that a user sends. */
const told: ReadonlySet<string> = new Set(['pause', 'resume', 'retry', 'cancel']);

interface Scheduled {
  readonly type: string;
  readonly unit: string;
  readonly activityId: string;
  startedAt?: Date;
  worker?: string;
}

export class LogEvents {
  readonly entries: LogEntry[] = [];
  /** Stages that the pipeline has started. */
  readonly children: { workflowId: string; runId: string; stage: string }[] = [];
  /** The run in which the workflow goes on. */
  continuedIn: string | undefined;
  isOver = false;
  private runId = '';
  private readonly scheduled = new Map<string, Scheduled>();
  private event: HistoryEvent = {};

  constructor(
    private readonly client: Client,
    private readonly stage: string | undefined,
  ) {}

  /** What an activity works on, when that is worth telling. */
  unitOf(activityId: string): string | undefined {
    const found = [...this.scheduled.values()].find((scheduled) => scheduled.activityId === activityId);
    return found === undefined || roleOf(found.type) === 'bookkeeping' ? undefined : found.unit;
  }

  idOf(activityId: string, what: string): string {
    return `${this.runId}/${activityId}/${what}`;
  }

  async read(event: HistoryEvent): Promise<void> {
    this.event = event;
    if (event.workflowExecutionStartedEventAttributes)
      this.begins(event.workflowExecutionStartedEventAttributes);
    else if (event.activityTaskScheduledEventAttributes)
      await this.schedules(event, event.activityTaskScheduledEventAttributes);
    else if (event.activityTaskStartedEventAttributes)
      this.activityStarts(event.activityTaskStartedEventAttributes);
    else if (event.activityTaskCompletedEventAttributes)
      await this.activityCompletes(event.activityTaskCompletedEventAttributes);
    else if (event.activityTaskFailedEventAttributes)
      await this.activityFails(event.activityTaskFailedEventAttributes);
    else if (event.activityTaskTimedOutEventAttributes)
      await this.activityFails(event.activityTaskTimedOutEventAttributes);
    else if (event.activityTaskCanceledEventAttributes)
      this.activityStops(event.activityTaskCanceledEventAttributes);
    else if (event.childWorkflowExecutionStartedEventAttributes)
      this.stageStarts(event.childWorkflowExecutionStartedEventAttributes);
    else await this.others(event);
  }

  private begins({
    originalExecutionRunId,
    continuedExecutionRunId,
  }: Attributes<'workflowExecutionStartedEventAttributes'>): void {
    this.runId = originalExecutionRunId ?? '';
    // A stage's start is told by its pipeline.
    if (this.stage !== undefined) return;
    const message = continuedExecutionRunId ? 'goes on in a new run' : 'the run starts';
    this.add('started', message);
  }

  private async schedules(
    event: HistoryEvent,
    { activityType, activityId }: Attributes<'activityTaskScheduledEventAttributes'>,
  ): Promise<void> {
    const type = activityType?.name ?? '';
    const role = roleOf(type);
    const summary = event.userMetadata?.summary;
    const [unit] = summary == null ? [] : await decoded(this.client, [summary]);
    this.scheduled.set(String(event.eventId), {
      type,
      unit: typeof unit === 'string' ? unit : typeof role === 'string' ? type : role.ofPipeline,
      activityId: activityId ?? '',
    });
  }

  private activityStarts({
    scheduledEventId,
    identity,
  }: Attributes<'activityTaskStartedEventAttributes'>): void {
    const activity = this.scheduled.get(String(scheduledEventId));
    if (activity === undefined) return;
    activity.startedAt = timeOf(this.event.eventTime);
    activity.worker = identity ?? '';
    if (roleOf(activity.type) !== 'work') return;
    this.add('started', `started on ${activity.worker}`, activity);
  }

  private async activityCompletes({
    scheduledEventId,
    result,
  }: Attributes<'activityTaskCompletedEventAttributes'>): Promise<void> {
    const activity = this.scheduled.get(String(scheduledEventId));
    if (activity === undefined) return;
    const role = roleOf(activity.type);
    if (role === 'bookkeeping') return;
    const [answer] = await decoded(this.client, result?.payloads);
    if (role !== 'work') {
      this.add('finished', ofPipelineText(activity.type, answer));
      return;
    }
    const seconds = this.secondsOf(activity);
    const words = resultWords(activity.type, answer);
    const took = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
    const message = [`finished${took}`, ...words].join(', ');
    this.add(activity.type === 'distillChunk' ? 'checkpoint' : 'finished', message, activity);
  }

  private async activityFails({
    scheduledEventId,
    failure,
  }: Pick<Attributes<'activityTaskFailedEventAttributes'>, 'scheduledEventId' | 'failure'>): Promise<void> {
    const activity = this.scheduled.get(String(scheduledEventId));
    if (activity === undefined) return;
    const reason = await failureWords(this.client, failure);
    this.add(...judged(reason), activity);
  }

  private activityStops({ scheduledEventId }: Attributes<'activityTaskCanceledEventAttributes'>): void {
    const activity = this.scheduled.get(String(scheduledEventId));
    if (activity !== undefined && roleOf(activity.type) !== 'bookkeeping')
      this.add('finished', 'stopped, as it was told to; it goes on from its last checkpoint', activity);
  }

  private stageStarts({
    workflowExecution,
  }: Attributes<'childWorkflowExecutionStartedEventAttributes'>): void {
    const { workflowId, runId } = workflowExecution ?? {};
    const stage = stageOf(workflowId);
    if (stage === undefined || workflowId == null || runId == null) return;
    this.children.push({ workflowId, runId, stage });
    this.addOfStage(stage, 'started', 'the stage starts');
  }

  private async others(event: HistoryEvent): Promise<void> {
    const finished = event.childWorkflowExecutionCompletedEventAttributes;
    const failed = event.childWorkflowExecutionFailedEventAttributes;
    const cancelled = event.childWorkflowExecutionCanceledEventAttributes;
    if (finished) {
      const [outcome] = (await decoded(this.client, finished.result?.payloads)) as [StageOutcome];
      const summary = outcome.status.summary ?? '';
      const message =
        outcome.state === 'cached' ? 'is in the store already, reused' : 'the stage is finished';
      this.addOfStage(outcome.status.id, 'ended', summary === '' ? message : `${message}: ${summary}`);
    } else if (failed) {
      const reason = (await failureWords(this.client, failed.failure))?.message ?? 'for no known reason';
      this.addOfStage(
        stageOf(failed.workflowExecution?.workflowId),
        'ended',
        `the stage has failed: ${reason}`,
      );
    } else if (cancelled)
      this.addOfStage(stageOf(cancelled.workflowExecution?.workflowId), 'ended', 'the stage was cancelled');
    else if (event.workflowExecutionUpdateAcceptedEventAttributes) {
      const input = event.workflowExecutionUpdateAcceptedEventAttributes.acceptedRequest?.input;
      await this.wasTold(input?.name, input?.args?.payloads);
    } else if (event.workflowExecutionSignaledEventAttributes) {
      const { signalName, input } = event.workflowExecutionSignaledEventAttributes;
      // A stage hears of it from its pipeline.
      if (this.stage === undefined) await this.wasTold(signalName, input?.payloads);
    } else if (event.workflowExecutionCancelRequestedEventAttributes) {
      if (this.stage === undefined) this.add('told', 'is to be cancelled');
    } else await this.ends(event);
  }

  private async wasTold(name: string | null | undefined, payloads: Payloads): Promise<void> {
    if (name == null || !told.has(name)) return;
    const [argument] = await decoded(this.client, payloads);
    const detail =
      typeof argument === 'string'
        ? ` ${argument}`
        : typeof argument === 'object' && argument !== null && 'reason' in argument
          ? `: ${String(argument.reason)}`
          : '';
    this.add('told', `was told to ${name}${detail}`);
  }

  private async ends(event: HistoryEvent): Promise<void> {
    const { workflowExecutionContinuedAsNewEventAttributes: continued } = event;
    const failed = event.workflowExecutionFailedEventAttributes;
    if (continued) this.continuedIn = continued.newExecutionRunId ?? undefined;
    const words = continued
      ? ''
      : failed
        ? `the run has failed: ${(await failureWords(this.client, failed.failure))?.message ?? ''}`
        : endWords(event);
    if (words === undefined) return;
    this.isOver = true;
    // A stage's end is told by its pipeline.
    if (this.stage === undefined && words !== '') this.add('ended', words);
  }

  private secondsOf({ startedAt }: Scheduled): number | undefined {
    if (startedAt === undefined) return undefined;
    return (timeOf(this.event.eventTime).getTime() - startedAt.getTime()) / 1000;
  }

  private add(kind: LogKind, message: string, activity?: Scheduled): void {
    this.entries.push({
      at: timeOf(this.event.eventTime).toISOString(),
      ...(this.stage !== undefined && { stage: this.stage }),
      ...(activity !== undefined && { unit: activity.unit }),
      kind,
      message,
      ...(activity?.worker !== undefined && { worker: activity.worker }),
      id:
        activity !== undefined && kind === 'started'
          ? this.idOf(activity.activityId, kind)
          : `${this.runId}/${String(this.event.eventId)}`,
    });
  }

  private addOfStage(stage: string | undefined, kind: LogKind, message: string): void {
    const id = `${this.runId}/${String(this.event.eventId)}`;
    const at = timeOf(this.event.eventTime).toISOString();
    this.entries.push({ at, ...(stage !== undefined && { stage }), kind, message, id });
  }
}

function stageOf(workflowId: string | null | undefined): string | undefined {
  return workflowId == null ? undefined : parseStageOfRun(workflowId)?.stage;
}

/** Whether the worker or the work is to blame, as the workflow judges it. */
function judged(reason: FailureWords | undefined): [LogKind, string] {
  if (reason === undefined) return ['failure', 'failed for no known reason'];
  if (reason.type === 'HEARTBEAT') return ['preemption', 'lost its worker, which sent no heartbeat any more'];
  if (leaving.has(reason.type)) return ['preemption', `lost its worker: ${reason.message}`];
  return ['failure', `failed: ${reason.message}`];
}

function endWords(event: HistoryEvent): string | undefined {
  if (event.workflowExecutionCompletedEventAttributes) return 'the run is finished';
  if (event.workflowExecutionCanceledEventAttributes) return 'the run was cancelled';
  if (event.workflowExecutionTerminatedEventAttributes) return 'the run was terminated';
  if (event.workflowExecutionTimedOutEventAttributes) return 'the run took longer than it may';
  return undefined;
}

function ofPipelineText(type: string, answer: unknown): string {
  if (type === 'compileDefinition') {
    const { plan } = answer as CompiledDefinition;
    return `the definition of ${plan.name} is compiled`;
  }
  return type === 'resolveDataset' ? 'the data set is there' : 'the results of other runs are there';
}

/** What a unit of work came to. */
function resultWords(type: string, answer: unknown): string[] {
  const result = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<
    Record<string, unknown>
  >;
  const number = (name: string): number | undefined => {
    const value = result[name];
    return typeof value === 'number' ? value : undefined;
  };
  const words: string[] = [];
  if (result['reused'] === true) words.push('it was in the store already');
  const from = number('resumedFrom');
  if (type === 'distillChunk' && from !== undefined && from > 0)
    words.push(`from the checkpoint of iteration ${from}`);
  const accuracies = result['accuracyByEpoch'];
  const last: unknown = Array.isArray(accuracies) ? accuracies.at(-1) : number('accuracy');
  if (typeof last === 'number') words.push(`accuracy ${formatAccuracy(last)}`);
  const loss = number('loss');
  if (loss !== undefined) words.push(`loss ${formatValue(loss)}`);
  return words;
}
