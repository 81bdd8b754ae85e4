/**
 * @file What a worker says about itself, and how to put it in one line.
 */
import type { TaskEvent } from '../activities/index.js';
import type { EngineInfo } from '../definition/stages.js';

export type WorkerEvent =
  | {
      readonly type: 'connected';
      readonly address: string;
      readonly namespace: string;
      readonly store: string;
    }
  | { readonly type: 'listening'; readonly queue: string; readonly slots?: number }
  | { readonly type: 'engine'; readonly engine: EngineInfo }
  | ({ readonly type: 'task' } & TaskEvent)
  /** Longer work of a light activity, such as the download of a data set. */
  | { readonly type: 'note'; readonly line: string }
  /** What happened to a stage, or with an empty name to a pipeline; said by the worker that has its workflow. */
  | {
      readonly type: 'stage';
      readonly stage: string;
      readonly message: string;
      readonly reason?: string;
      readonly workflowId?: string;
      readonly runId?: string;
    }
  /** A warning of the Temporal SDK. */
  | {
      readonly type: 'warning';
      readonly message: string;
      readonly workflowId?: string;
      readonly runId?: string;
    }
  | { readonly type: 'stopping'; readonly reason: string }
  | { readonly type: 'stopped' };

export type OnWorkerEvent = (event: WorkerEvent) => void;

/** The event in one line of plain text. */
export function describeEvent(event: WorkerEvent): string {
  switch (event.type) {
    case 'connected':
      return `connected to Temporal at ${event.address} (namespace ${event.namespace}), artifacts in ${event.store}`;
    case 'listening':
      return event.slots === undefined
        ? `listening on ${event.queue}`
        : `listening on ${event.queue}, ${event.slots} at once`;
    case 'engine':
      return `engine ready: ${event.engine.name}, ${event.engine.threads} threads, ${event.engine.device}`;
    case 'task': {
      const took = event.seconds === undefined ? '' : ` after ${event.seconds.toFixed(1)} s`;
      const why = event.error === undefined ? '' : `: ${event.error}`;
      return `${event.workflowId} ${event.unit} ${event.state}${took}${why}`;
    }
    case 'stage': {
      const why = event.reason === undefined ? '' : `: ${event.reason}`;
      return `${event.workflowId ?? ''} ${event.message}${why}`;
    }
    case 'note':
      return event.line;
    case 'warning':
      return event.message;
    case 'stopping':
      return `stopping (${event.reason})`;
    case 'stopped':
      return 'stopped';
  }
}
