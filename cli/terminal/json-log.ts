/**
 * @file A worker's events as lines of JSON, for whatever collects logs.
 */
import { hostname } from 'node:os';

import { describeEvent, type WorkerEvent } from '../../worker/events.js';
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
    // JSON has an escape for every control character, and the rest of what terminals obey is in the others.
    terminal.line(JSON.stringify(line).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escaped));
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

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
