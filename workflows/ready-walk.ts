/**
 * @file The walk over a large plan: a stage is looked at once all that it needs have ended. A promise for each
 * stage that waits is simpler, and what smaller plans have; but Temporal's SDK notes for every promise where it
 * was made, two thousand stages make so many at once that it takes seconds, and a worker that gives a workflow
 * five of them then breaks down.
 */
import type { PlannedStage } from '../definition/plan.js';
import type { Slots } from './slots.js';
import type { Ending } from './stage-walk.js';
import { directNeeds } from './upstream.js';

/** What is done with a stage whose needs have all ended. */
export interface Walker {
  /** How the walk to the stage ends when it is not to run. */
  endWithout(
    stage: PlannedStage,
    needs: readonly string[],
    endings: readonly (Ending | undefined)[],
  ): Ending | undefined;
  /** What the stage takes while it runs. */
  slotsOf(stage: PlannedStage): readonly Slots[];
  /** Runs the stage and gives its slots back. */
  runStage(stage: PlannedStage, taken: readonly Slots[]): Promise<Ending>;
}

/**
 * Resolves when the walk to every stage has ended.
 *
 * @param stages in an order in which each comes after what it needs
 * @param imported ids of stages that have results from elsewhere
 */
export function walkWhenReady(
  stages: readonly PlannedStage[],
  imported: readonly string[],
  walker: Walker,
): Promise<void> {
  const endings = new Map<string, Ending>(imported.map((id) => [id, 'result']));
  const lacking = new Map<PlannedStage, number>();
  const users = new Map<string, PlannedStage[]>();
  let waiting: PlannedStage[] = [];

  /** What has all it needs waits for its slots, or ends without having run, and others with it. */
  const look = (ready: PlannedStage[]): void => {
    for (let stage = ready.shift(); stage !== undefined; stage = ready.shift()) {
      const needs = directNeeds(stage);
      const ending = walker.endWithout(
        stage,
        needs,
        needs.map((id) => endings.get(id)),
      );
      if (ending === undefined) waiting.push(stage);
      else ready.push(...end(stage, ending));
    }
  };
  /** The stages that lack nothing any more. */
  const end = ({ id }: PlannedStage, ending: Ending): PlannedStage[] => {
    endings.set(id, ending);
    return (users.get(id) ?? []).filter((user) => {
      const left = (lacking.get(user) ?? 0) - 1;
      lacking.set(user, left);
      return left === 0;
    });
  };

  for (const stage of stages) {
    const needs = directNeeds(stage).filter((id) => !endings.has(id));
    lacking.set(stage, needs.length);
    for (const id of needs) {
      const known = users.get(id);
      if (known === undefined) users.set(id, [stage]);
      else known.push(stage);
    }
  }
  return new Promise((resolve, reject) => {
    const begin = (ready: PlannedStage[]): void => {
      look(ready);
      waiting = waiting.filter((stage) => {
        const slots = walker.slotsOf(stage);
        if (!slots.every(({ isFree }) => isFree)) return true;
        for (const one of slots) one.takeFree();
        walker
          .runStage(stage, slots)
          .then((ending) => begin(end(stage, ending)))
          .catch(reject);
        return false;
      });
      if (endings.size === stages.length + imported.length) resolve();
    };
    begin(stages.filter((stage) => lacking.get(stage) === 0));
  });
}
