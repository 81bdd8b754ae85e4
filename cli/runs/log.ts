/**
 * @file What happened in a run, from the histories of the pipeline and its stages and the heartbeats of what is
 * running. A history that has ended is read once.
 */
import type { Client } from '@temporalio/client';

import type { UnitProgress } from '../../definition/stages.js';
import { decoded, type Execution, historyEvents, timeOf } from './history.js';
import { LogEvents } from './log-events.js';

export type LogKind =
  'started' | 'progress' | 'finished' | 'checkpoint' | 'preemption' | 'failure' | 'told' | 'ended';

export interface LogEntry {
  /** ISO time by the server's clock. */
  readonly at: string;
  /** Of the pipeline itself without it. */
  readonly stage?: string;
  /** Unit of work, such as `expert 3`. */
  readonly unit?: string;
  readonly kind: LogKind;
  readonly message: string;
  /** Worker that did it, as it calls itself. */
  readonly worker?: string;
  /** Tells an entry from all others of the run, whenever it is read again. */
  readonly id: string;
}

interface Part {
  readonly entries: readonly LogEntry[];
  /** Stages that it has started, and the run it goes on in. */
  readonly next: readonly Started[];
  readonly isOver: boolean;
}

interface Started extends Execution {
  readonly stage?: string;
}

export class RunLog {
  private readonly over = new Map<string, Part>();

  constructor(
    private readonly client: Client,
    private readonly workflowId: string,
  ) {}

  /**
   * Everything so far, in order of time.
   *
   * @throws DistilleryError `InvalidDefinition` when there is no such run
   */
  async read(): Promise<{ entries: LogEntry[]; isOver: boolean }> {
    const entries: LogEntry[] = [];
    let isOver = true;
    const first: Started = { workflowId: this.workflowId };
    for (let wave: Started[] = [first]; wave.length > 0;) {
      const parts = await inTurns(wave, (execution) => this.part(execution));
      for (const [index, part] of parts.entries()) {
        entries.push(...part.entries);
        if (wave[index]?.stage === undefined && !part.isOver) isOver = false;
      }
      wave = parts.flatMap(({ next }) => next);
    }
    return { entries: entries.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))), isOver };
  }

  private async part(execution: Started): Promise<Part> {
    const name = `${execution.workflowId} ${execution.runId ?? ''}`;
    const known = this.over.get(name);
    if (known !== undefined) return known;
    const events = new LogEvents(this.client, execution.stage);
    for await (const event of historyEvents(this.client, execution)) await events.read(event);
    const part = { entries: events.entries, next: this.following(execution, events), isOver: events.isOver };
    if (events.isOver) {
      if (execution.runId !== undefined) this.over.set(name, part);
      return part;
    }
    return { ...part, entries: [...part.entries, ...(await this.now(execution, events))] };
  }

  private following({ workflowId, stage }: Started, { continuedIn, children }: LogEvents): Started[] {
    const rest =
      continuedIn === undefined
        ? []
        : [{ workflowId, runId: continuedIn, ...(stage !== undefined && { stage }) }];
    // A stage starts nothing of its own.
    return stage === undefined ? [...rest, ...children] : rest;
  }

  /** What is running, from heartbeats: histories name it only once it has ended. */
  private async now({ workflowId, runId, stage }: Started, events: LogEvents): Promise<LogEntry[]> {
    const { raw } = await this.client.workflow.getHandle(workflowId, runId).describe();
    const entries: LogEntry[] = [];
    for (const activity of raw.pendingActivities ?? []) {
      const id = activity.activityId ?? '';
      const unit = events.unitOf(id);
      if (unit === undefined || activity.lastStartedTime == null) continue;
      const worker = activity.lastWorkerIdentity ?? '';
      const common = { ...(stage !== undefined && { stage }), unit, worker };
      const at = timeOf(activity.lastStartedTime).toISOString();
      entries.push({
        ...common,
        at,
        kind: 'started',
        message: `started on ${worker}`,
        id: events.idOf(id, 'started'),
      });
      const [progress] = await decoded(this.client, activity.heartbeatDetails?.payloads);
      if (!isProgress(progress) || activity.lastHeartbeatTime == null) continue;
      entries.push({
        ...common,
        at: timeOf(activity.lastHeartbeatTime).toISOString(),
        kind: 'progress',
        message: progressText(progress),
        id: events.idOf(id, `progress ${progress.done}`),
      });
    }
    return entries;
  }
}

function isProgress(value: unknown): value is UnitProgress {
  return (
    typeof value === 'object' && value !== null && 'done' in value && 'total' in value && 'metrics' in value
  );
}

function progressText({ done, total, metrics, waiting }: UnitProgress): string {
  const words = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  const counted = total > 0 ? [`${Math.floor(done)} of ${total}`] : [];
  const waits = waiting === undefined ? [] : [`waiting for ${waiting}`];
  return [...counted, ...words, ...waits].join(', ');
}

/** Not all at once: a matrix has a thousand stages. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const size = 16;
  for (let from = 0; from < items.length; from += size)
    results.push(...(await Promise.all(items.slice(from, from + size).map(work))));
  return results;
}
