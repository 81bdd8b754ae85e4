/**
 * @file Settings that depend on numbers of other stages, and so are known only once those have finished. Their
 * expressions are taken out here; a value that the schema takes stands in, so that everything else is checked now.
 */
import { inWords } from './expression-values.js';
import { OpenExpression, StageReference } from './expressions.js';
import { type Issues, pathKey, shown } from './issues.js';
import { isMapping, type Mapping } from './mapping.js';
import { builtinTypes, type BuiltinType } from './outputs.js';
import type { LateSettings, OutputRef } from './plan.js';
import { replaced } from './settings.js';
import { settingKinds } from './setting-kinds.js';

export interface LateSetting {
  /** Names below `with`: `method`, `lrImg`. */
  readonly place: readonly string[];
  readonly expression: OpenExpression;
}

/** By the id of the planned stage; stages without any are absent. */
export type LateByStage = ReadonlyMap<string, readonly LateSetting[]>;

export interface WithoutLate {
  /** The stages with values that stand in. */
  readonly stages: unknown;
  readonly late: LateByStage;
}

/**
 * @param stages of a definition, resolved; mistakes elsewhere in it are left to others
 * @param failed places, by `pathKey`, of which nothing more is to be said; those of mistakes are added
 */
export function takeLateSettings(stages: unknown, failed: Set<string>, issues: Issues): WithoutLate {
  const late = new Map<string, readonly LateSetting[]>();
  if (!isMapping(stages)) return { stages, late };
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [id, stage] of Object.entries(stages)) {
    const found = isMapping(stage) ? openIn(stage['with'], []) : [];
    copy[id] = stage;
    if (found.length === 0 || !isMapping(stage)) continue;
    late.set(id, found);
    copy[id] = withStandIns(stage, found, (place, message, meant = place) => {
      const path = ['stages', id, 'with', ...place];
      if (!issues.isTakenForWrong(path)) issues.add('wrong-type', path, message);
      failed.add(pathKey(['stages', id, 'with', ...meant]));
    });
  }
  return { stages: late.size === 0 ? stages : copy, late };
}

/** `meant` is all of which nothing more can be said; by default the place itself. */
type Mistake = (place: readonly string[], message: string, meant?: readonly string[]) => void;

function withStandIns(stage: Mapping, settings: readonly LateSetting[], mistake: Mistake): Mapping {
  const { uses, with: written } = stage;
  const type = builtinTypes.find((name) => name === uses);
  const filled = settings.reduce(
    (value, setting) => replaced(value, setting.place, type && standIn(type, written, setting, mistake)),
    written,
  );
  return Object.assign(Object.create(null) as Mapping, stage, { with: filled });
}

/** A value that the schema takes. */
function standIn(
  uses: BuiltinType,
  written: unknown,
  { place, expression }: LateSetting,
  mistake: Mistake,
): unknown {
  const name = shown(place.join('.'));
  const kinds = settingKinds(uses, written, place);
  if (kinds === 'fixed') {
    const message = `${name} says which other settings there are; it cannot wait for another stage`;
    mistake(place, message, place.slice(0, -1));
    return undefined;
  }
  // The schema says that there is no such setting.
  if (kinds === undefined) return 0;
  const kind = expression.kinds.find((one) => kinds.has(one));
  if (kind !== undefined) return kinds.get(kind);
  const taken = kinds.size === 0 ? 'no plain value' : inWords(kinds.keys());
  mistake(place, `${name} takes ${taken}, and this is ${inWords(expression.kinds)}`);
  return undefined;
}

/** What a plan says of the late settings of a stage. */
export function planLate(
  written: unknown,
  settings: readonly LateSetting[],
  planReference: (reference: StageReference) => OutputRef,
  stages: Readonly<Record<string, string>>,
): LateSettings {
  const outputs: Record<string, OutputRef> = {};
  const texts = Object.fromEntries(
    settings.map(({ place, expression }) => [place.join('.'), expression.text]),
  );
  const copied = (value: unknown, place: readonly string[]): unknown => {
    if (!isMapping(value)) return value;
    const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
      const here = [...place, name];
      if (item instanceof StageReference) outputs[here.join('.')] = planReference(item);
      return item instanceof StageReference || Object.hasOwn(texts, here.join('.'))
        ? []
        : [[name, copied(item, here)]];
    });
    return Object.fromEntries(entries);
  };
  // Filled while it is copied.
  const plain = copied(written, []) as LateSettings['written'];
  return { written: plain, settings: texts, outputs, stages: { ...stages } };
}

function openIn(value: unknown, place: readonly string[]): LateSetting[] {
  if (value instanceof OpenExpression) return [{ place, expression: value }];
  if (!isMapping(value) || value instanceof StageReference) return [];
  return Object.entries(value).flatMap(([name, item]) => openIn(item, [...place, name]));
}
