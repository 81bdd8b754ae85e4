/**
 * @file Progress as plain lines, for pipes and logs: what changed, and now and then how far it is.
 */
import { printable } from '../terminal/escape.js';
import type { MatrixStatus } from '../../definition/stages.js';
import { stateWords } from '../../workflows/matrix-status.js';
import { endedCells } from './rows.js';
import type { RunView, StageView } from './view.js';
import { metricWords, outcomeWords, paceWords, troubleWords, waitingWords } from './words.js';

/** One line to print: the stage it is about, and what happened. */
export interface ProgressLine {
  readonly source: string;
  readonly message: string;
}

interface Seen {
  readonly state: StageView['state'];
  readonly troubles: number;
  readonly waits: boolean;
  readonly fraction: number;
  readonly at: number;
}

/** Of a matrix with more cells than this, they are counted. */
const singleCells = 20;

/** Compares each view with the one before. A stage that only moves on is mentioned every `everyMs`. */
export class ProgressLines {
  private readonly seen = new Map<string, Seen>();
  private readonly matrices = new Map<string, { readonly words: string; readonly at: number }>();
  private note: string | undefined;

  constructor(private readonly everyMs = 8_000) {}

  next(run: RunView, now: number): ProgressLine[] {
    const lines: ProgressLine[] = [];
    if (run.note !== undefined && run.note !== this.note)
      lines.push({ source: 'status', message: printable(run.note) });
    this.note = run.note;
    const large = new Set<string>();
    for (const matrix of run.matrices ?? []) {
      if (matrix.cells <= singleCells) continue;
      large.add(matrix.id);
      const message = this.matrixMessage(matrix, now);
      if (message !== undefined) lines.push({ source: printable(matrix.id), message });
    }
    for (const stage of run.stages) {
      // Of very many cells only those that fail are mentioned one by one.
      if (stage.matrix !== undefined && large.has(stage.matrix.of) && stage.state !== 'failed') continue;
      const message = this.stageMessage(stage, now);
      if (message !== undefined) lines.push({ source: printable(stage.id), message });
    }
    return lines;
  }

  private matrixMessage(matrix: MatrixStatus, now: number): string | undefined {
    const words = `${endedCells(matrix)}/${matrix.cells} cells: ${stateWords(matrix)}`;
    const before = this.matrices.get(matrix.id);
    if (matrix.states.waiting === matrix.cells || before?.words === words) return undefined;
    if (before !== undefined && now - before.at < this.everyMs && endedCells(matrix) < matrix.cells)
      return undefined;
    this.matrices.set(matrix.id, { words, at: now });
    return words;
  }

  private stageMessage(stage: StageView, now: number): string | undefined {
    const before = this.seen.get(stage.id);
    const troubles = stage.preemptions + stage.failures;
    const changed = before?.state !== stage.state;
    if (changed && stage.state === 'waiting') return undefined;
    const due = before !== undefined && now - before.at >= this.everyMs && stage.fraction !== before.fraction;
    const waits = waitingWords(stage).length > 0;
    const troubled = before !== undefined && (troubles !== before.troubles || waits !== before.waits);
    if (!changed && !troubled && !(stage.state === 'running' && due)) return undefined;
    this.seen.set(stage.id, { state: stage.state, troubles, waits, fraction: stage.fraction, at: now });
    return stage.state === 'running' ? runningMessage(stage) : endMessage(stage, now);
  }
}

function runningMessage(stage: StageView): string {
  if (stage.total === 0) return 'started';
  return [
    `${stage.done}/${stage.total}`,
    `${Math.floor(stage.fraction * 100)} %`,
    ...paceWords(stage),
    ...metricWords(stage.metrics),
    ...troubleWords(stage),
    ...waitingWords(stage),
  ].join('  ');
}

function endMessage(stage: StageView, now: number): string {
  const reason = stage.error ?? stage.summary;
  const words = outcomeWords(stage, now);
  return reason === undefined ? words : `${words}: ${printable(reason)}`;
}
