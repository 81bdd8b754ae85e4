/**
 * @file How the states of stages are shown in graphs.
 */
import type { StageState } from '../../definition/stages.js';
import type { StageBox } from './stage-boxes.js';

export type StateClass = 'done' | 'run' | 'fail' | 'halt' | 'wait' | 'skipped';

const classes: Readonly<Record<StageState, StateClass>> = {
  waiting: 'wait',
  running: 'run',
  paused: 'halt',
  cached: 'done',
  finished: 'done',
  failed: 'fail',
  cancelled: 'halt',
  skipped: 'skipped',
};

/** Empty where nothing is known of a run. */
export function stateClass(state: StageState | undefined): StateClass | '' {
  return state === undefined ? '' : classes[state];
}

/** `running 3/12`; how many cells of a matrix are done, while they are not all. */
export function stateWord({ state, cells, done = 0, isImported }: StageBox): string {
  if (state === undefined) return '';
  if (isImported && state === 'cached') return 'taken';
  const word = state === 'cached' ? 'reused' : state;
  return cells > 1 && done < cells ? `${word} ${done}/${cells}` : word;
}
