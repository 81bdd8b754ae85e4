/**
 * @file A worker's events as lines of JSON, for whatever collects logs.
 */
import { hostname } from 'node:os';

import { describeEvent, type WorkerEvent } from '../../worker/events.js';
import { printableJson } from './escape.js';
import type { Terminal } from './terminal.js';

/** Writes one object for each event: when, how bad, which worker, what as a sentence, and what as fields. */
export function jsonLog(terminal: Terminal, queue: string): (event: WorkerEvent) => void {
  const worker = `${hostname()}/${process.pid}`;
  return (event) => {
    const { type, ...fields } = event;
    const line = {
      time: new Date().toISOString(),
      level: levelOf(event),
      worker,
      queue,
      event: type,
      ...stageOf(event),
      ...fields,
      message: describeEvent(event),
    };
    terminal.line(printableJson(JSON.stringify(line)));
  };
}

function levelOf(event: WorkerEvent): 'info' | 'warn' | 'error' {
  if (event.type === 'warning') return 'warn';
  if (event.type === 'task' && event.state === 'failed') return 'error';
  return event.type === 'stage' && event.message === 'stage failed' ? 'error' : 'info';
}

/** A compute task knows its stage by the id of the stage's workflow, which ends with it. */
function stageOf(event: WorkerEvent): { stage?: string } {
  return event.type === 'task' ? { stage: event.workflowId.replace(/^.*\//, '') } : {};
}
