/**
 * @file Checks of the images that a distillation starts from.
 */
import { type Issues, shown } from './issues.js';
import { isLate } from './settings.js';
import type { DistillStage, PlannedStage } from './plan.js';

/**
 * A distillation starts from as many images as it distils.
 *
 * @param stages where the images may come from
 */
export function checkInit(
  { id, with: { init, ipc } }: DistillStage,
  stages: readonly PlannedStage[],
  issues: Issues,
): void {
  if (typeof init === 'string') return;
  const from = stages.find((stage) => stage.id === init.stage);
  // What a stage of a user's own type makes is known when it is made.
  if (from?.uses !== 'select' && from?.uses !== 'distill') return;
  if (isLate(from, 'ipc') || from.with.ipc === ipc) return;
  const message = `stage ${shown(from.id)} makes ${from.with.ipc} images per class, and ${ipc} are to be distilled; make them equal`;
  issues.add('inconsistent', ['stages', id, 'with', 'init'], message);
}
