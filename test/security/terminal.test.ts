/**
 * @file Names, reasons and metrics that strangers chose (in definitions, histories, objects and errors) reach a
 * terminal as text: whatever is printed of them, no character is left that a terminal obeys.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printJson } from '../../cli/command-context.js';
import { accuracyLines } from '../../cli/results/accuracy-summary.js';
import { runCommand } from '../../cli/run-command.js';
import { buildProgram } from '../../cli/program.js';
import { StateFile } from '../../cli/state/state-file.js';
import { ProgressLines } from '../../cli/status/progress-lines.js';
import { treeLines } from '../../cli/status/tree.js';
import { eventLine } from '../../cli/terminal/event-log.js';
import { jsonLog } from '../../cli/terminal/json-log.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import type { StageState, StageStatus } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { describeEvent, type WorkerEvent } from '../../worker/events.js';
import { distill, iterations, now, run } from '../cli/fixtures.js';

/** Moves the cursor, retitles the window, in seven and eight bits, ends the line, and reads backwards. */
const hostile = 'a\u001b[2J\u001b]0;owned\u0007\u009b31m\rb\u202ec\u2066d\u0085e\u0000';
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** Every text of the value is hostile; the keys that say of what kind it is stay. */
function spoiled<T>(value: T, kept: ReadonlySet<string>): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]: [string, unknown]) => {
    if (typeof item === 'string') return [name, kept.has(name) ? item : hostile];
    return [name, spoiled(item, kept)];
  });
  return (Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)) as T;
}

const kinds = new Set([
  'state',
  'type',
  'startedAt',
  'finishedAt',
  'since',
  'trainedOn',
  'event',
  'queue',
  'task',
]);

function checked(text: string): void {
  assert.doesNotMatch(text.replaceAll('\n', ''), obeyed, JSON.stringify(text));
  assert.match(text, /a(\\x1b|\\u001b)/, 'and it is shown');
}

describe('what strangers chose, at a terminal', () => {
  const states: StageState[] = [
    'waiting',
    'running',
    'paused',
    'cached',
    'finished',
    'failed',
    'cancelled',
    'skipped',
  ];
  const stages: StageStatus[] = states.map((state) =>
    spoiled(
      {
        ...distill,
        state,
        error: 'e',
        repeated: 'r',
        summary: 's',
        retryWith: 'w',
        metrics: { [hostile]: 1 },
      },
      kinds,
    ),
  );

  it('is text in the tree and in the lines of a run', () => {
    const view = spoiled(run({ note: 'n', error: 'e' }, stages), kinds);
    const units = [spoiled({ ...iterations, waiting: 'w' }, kinds)];
    const whole = { ...view, stages: view.stages.map((stage) => ({ ...stage, units })) };
    const tree = treeLines(whole, terminalInMemory(), now).join('\n');
    checked(tree);
    checked(
      new ProgressLines()
        .next(whole, now)
        .map(({ source, message }) => `${source} ${message}`)
        .join('\n'),
    );
  });

  it('is text in events, as lines and as JSON', () => {
    const events: WorkerEvent[] = [
      {
        ...{ type: 'task', state: 'failed', task: 'distillChunk', unit: hostile, workflowId: hostile },
        ...{ runId: hostile, error: hostile },
      },
      { type: 'stage', stage: hostile, message: hostile, reason: hostile, workflowId: hostile },
      { type: 'warning', message: hostile },
      { type: 'connected', address: hostile, namespace: hostile, store: hostile },
      { type: 'stopping', reason: hostile },
    ];
    for (const event of events) {
      checked(eventLine(hostile, describeEvent(event), terminalInMemory()));
      const json = terminalInMemory();
      jsonLog(json, hostile)(event);
      checked(json.text);
    }
  });

  it('is text in results, data for machines and errors', async () => {
    const row = {
      architecture: hostile,
      trainedOn: 'distilled',
      mean: 0.5,
      std: 0,
      accuracies: [0.5],
    } as const;
    const scores = { key: 'k', sha256: 's', bytes: 1, mediaType: 'm' };
    const result = {
      ...{ name: hostile, seed: 1, reused: [] },
      stages: { evaluate: { type: 'evaluate', scores, rows: [row] } },
    } as const;
    checked(accuracyLines(result, undefined, terminalInMemory()).join('\n'));
    const json = terminalInMemory();
    printJson(json, { [hostile]: hostile });
    checked(json.text);
    assert.deepEqual(JSON.parse(json.text), { [hostile]: hostile });

    for (const error of [new DistilleryError('Corrupt', hostile), new Error(hostile)]) {
      const terminal = terminalInMemory();
      const context = { out: terminal, err: terminal, environment: {}, stateFile: new StateFile('/nowhere') };
      const program = buildProgram(context, '0');
      program.command('fail').action(() => {
        throw error;
      });
      await runCommand(program, ['fail'], context);
      checked(terminal.text);
      const before = terminal.text.length;
      await runCommand(program, [hostile], context);
      checked(terminal.text.slice(before));
    }
  });
});
