/**
 * @file What is known of the settings of a planned stage, some of which may be late: known only once other stages
 * have finished.
 */
import { isMapping } from './mapping.js';
import type { Plan, PlannedStage } from './plan.js';

/** Settings that follow from others where they are not written. */
const following = [
  ['iterations', 'selection.every'],
  ['ipc', 'method.outerLoops'],
  ['ipc', 'method.innerEpochs'],
] as const;

/** The settings of a stage as a definition says them: what is not known yet as its expression, or not at all. */
export function shownSettings(stage: PlannedStage): object {
  const { late } = stage;
  if (late === undefined) return stage.with;
  const places = Object.entries(late.settings).map(([place, text]) => [place, `\${{ ${text} }}`] as const);
  const unknown = following
    .filter(
      ([from, place]) => isLate(stage, from) && !isLate(stage, place) && !isWritten(late.written, place),
    )
    .map(([, place]) => [place, undefined] as const);
  return [...places, ...unknown].reduce<object>(
    (settings, [place, value]) => replaced(settings, place.split('.'), value) as object,
    stage.with,
  );
}

function isWritten(settings: unknown, place: string): boolean {
  const value = place
    .split('.')
    .reduce<unknown>((inside, name) => (isMapping(inside) ? inside[name] : undefined), settings);
  return value !== undefined;
}

/** Whether the value of a setting is not known yet. */
export function isLate(stage: Pick<PlannedStage, 'late'>, place: string): boolean {
  return stage.late !== undefined && Object.hasOwn(stage.late.settings, place);
}

/** Settings with another value at a place; undefined takes out what is there. */
export function replaced(value: unknown, [name, ...deeper]: readonly string[], other: unknown): unknown {
  if (name === undefined) return other;
  const { [name]: inside, ...others } = isMapping(value) ? value : {};
  const next = replaced(inside, deeper, other);
  return next === undefined ? others : { ...(isMapping(value) ? value : {}), [name]: next };
}

/** Settings that change no count of steps, images or bytes. */
const weightless = /(^|\.)(lr[A-Z]?\w*|baselineLr|ridge|title)$/;

/** Ids of the stages that have to finish before it is known how much work a stage is; mostly none. */
export function workKnownAfter(stage: PlannedStage, plan: Pick<Plan, 'stages'>): readonly string[] {
  const found = new Set(hasLateWork(stage) ? Object.values(stage.late?.stages ?? {}) : []);
  const add = (id: string | undefined, matters: (source: PlannedStage) => boolean): void => {
    const source = plan.stages.find((other) => other.id === id);
    if (source?.late !== undefined && matters(source))
      for (const other of Object.values(source.late.stages)) found.add(other);
  };
  // Images are trained on, and snapshots of experts are held.
  if (stage.uses === 'evaluate') add(stage.with.dataset.stage, (source) => isLate(source, 'ipc'));
  if (stage.uses === 'distill') add(stage.with.trajectories?.stage, hasLateWork);
  return [...found];
}

function hasLateWork({ late }: PlannedStage): boolean {
  return late !== undefined && !Object.keys(late.settings).every((place) => weightless.test(place));
}
