/**
 * @file The graph of stages: what needs what, by name and by references to outputs, and an order in which
 * everything comes after what it needs. Works on a definition that may still be wrong elsewhere, so that
 * mistakes of both kinds are shown at once.
 */
import { StageReference } from './expressions.js';
import { type Issues, type Path, shown } from './issues.js';
import { maximumStages } from './limits.js';
import { artifactsOf, stageOutputs } from './outputs.js';
import type { StageType } from './plan.js';
import { didYouMean } from './suggest.js';

/** Which output each field that takes one expects. */
const fields: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  distill: { trajectories: { uses: ['train-experts'], output: 'trajectories' } },
  select: { trajectories: { uses: ['train-experts'], output: 'trajectories' } },
  evaluate: { dataset: { uses: ['distill', 'select'], output: 'result' } },
};

interface Expected {
  /** Types of stage that have it. */
  readonly uses: readonly StageType[];
  readonly output: string;
}

/** Ids of stages in an order to run them, and for each what it needs. */
export interface StageGraph {
  readonly order: readonly string[];
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

interface Edge {
  readonly to: string;
  readonly path: Path;
}

interface StageNode {
  readonly id: string;
  readonly uses: unknown;
  readonly needs: Edge[];
  readonly references: { readonly reference: StageReference; readonly field: string; readonly path: Path }[];
  /** A report that does not say what it needs reports on everything before it. */
  readonly needsAll: boolean;
}

/** The graph of the resolved `stages` of a definition; mistakes in it are reported. */
export function stageGraph(stages: unknown, issues: Issues): StageGraph {
  if (entries(stages).length > maximumStages) {
    issues.add('out-of-range', ['stages'], `a pipeline has at most ${maximumStages} stages`, { part: 'key' });
    return { order: [], needs: new Map() };
  }
  const nodes = new Map(readNodes(stages).map((node) => [node.id, node]));
  for (const node of nodes.values()) {
    for (const { to, path } of node.needs) checkNeed(node, to, path, nodes, issues);
    for (const { reference, field, path } of node.references) {
      if (!checkReference(node, reference, field, path, nodes, issues)) continue;
      node.needs.push({ to: reference.stage, path });
    }
  }
  for (const node of nodes.values()) if (node.needsAll) needAll(node, nodes);
  const order = sort(nodes, issues);
  const needs = new Map([...nodes].map(([id, node]) => [id, [...new Set(node.needs.map(({ to }) => to))]]));
  return { order, needs };
}

function readNodes(stages: unknown): StageNode[] {
  return entries(stages).map(([id, stage]) => {
    const fields = new Map(entries(stage));
    const path = ['stages', id];
    const written = fields.get('needs');
    const list: readonly unknown[] = Array.isArray(written) ? written : [];
    const needs = list.map((to, index) => ({ to, path: [...path, 'needs', index] as Path }));
    if (typeof written === 'string') needs.push({ to: written, path: [...path, 'needs'] });
    const references = entries(fields.get('with')).flatMap(([field, reference]) =>
      reference instanceof StageReference ? [{ reference, field, path: [...path, 'with', field] }] : [],
    );
    return {
      id,
      uses: fields.get('uses'),
      needs: needs.filter((edge): edge is Edge => typeof edge.to === 'string'),
      references,
      needsAll: fields.get('uses') === 'report' && written === undefined,
    };
  });
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function checkNeed(
  node: StageNode,
  to: string,
  path: Path,
  nodes: ReadonlyMap<string, StageNode>,
  issues: Issues,
): void {
  if (to === node.id) issues.add('cycle', path, `stage ${shown(to)} needs itself`);
  else if (!nodes.has(to)) issues.add('unknown-stage', path, unknownStage(to, node.id, nodes));
}

function unknownStage(id: string, from: string, nodes: ReadonlyMap<string, StageNode>): string {
  const others = [...nodes.keys()].filter((other) => other !== from);
  const hint =
    didYouMean(id, others) ||
    (others.length > 0 ? `; there are: ${others.join(', ')}` : '; it is the only one');
  return `there is no stage ${shown(id)}${hint}`;
}

/** Whether the reference leads to an existing output of the expected kind. */
function checkReference(
  node: StageNode,
  { stage, output }: StageReference,
  field: string,
  path: Path,
  nodes: ReadonlyMap<string, StageNode>,
  issues: Issues,
): boolean {
  const target = nodes.get(stage);
  if (target === undefined || target === node) {
    const message =
      target === node
        ? `stage ${shown(stage)} cannot use its own output`
        : unknownStage(stage, node.id, nodes);
    issues.add('unknown-stage', path, message);
    return false;
  }
  const expected =
    typeof node.uses === 'string' && Object.hasOwn(fields, node.uses)
      ? fields[node.uses]?.[field]
      : undefined;
  const offered =
    typeof target.uses === 'string' && Object.hasOwn(stageOutputs, target.uses)
      ? (target.uses as StageType)
      : undefined;
  // A wrong key or type of stage is reported by the schema.
  if (expected === undefined || offered === undefined) return true;
  const isOneOf = (uses: unknown): boolean => expected.uses.some((type) => type === uses);
  if (!isOneOf(target.uses)) {
    const candidate = [...nodes.values()].find(({ uses }) => isOneOf(uses));
    const example = candidate ? `, such as \${{ stages.${candidate.id}.${expected.output} }}` : '';
    const message = `${shown(field)} takes the ${shown(expected.output)} of a ${expected.uses.join(' or ')} stage${example}; ${shown(stage)} is of type ${String(target.uses)}`;
    issues.add('wrong-output', path, message);
    return false;
  }
  if (output !== expected.output) {
    const artifacts = artifactsOf(offered);
    const exists = Object.hasOwn(stageOutputs[offered], output);
    const known = exists
      ? `; ${shown(field)} takes ${shown(expected.output)}`
      : didYouMean(output, artifacts) || `; it has: ${artifacts.join(', ')}`;
    const message = exists
      ? `${shown(output)} of stage ${shown(stage)} cannot be used here`
      : `stage ${shown(stage)} has no output ${shown(output)}`;
    issues.add('wrong-output', path, message + known);
    return false;
  }
  return true;
}

/** Adds every stage that does not itself come after this one. */
function needAll(report: StageNode, nodes: ReadonlyMap<string, StageNode>): void {
  const after = new Set([report.id]);
  for (let size = 0; size < after.size;) {
    size = after.size;
    for (const node of nodes.values()) if (node.needs.some(({ to }) => after.has(to))) after.add(node.id);
  }
  for (const node of nodes.values())
    if (!after.has(node.id) && !node.needsAll)
      report.needs.push({ to: node.id, path: ['stages', report.id] });
}

/** Stages in the order written, each moved behind what it needs; cycles are reported. */
function sort(nodes: ReadonlyMap<string, StageNode>, issues: Issues): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (node: StageNode): void => {
    trail.push(node.id);
    for (const { to, path } of node.needs) {
      const next = nodes.get(to);
      if (next === undefined || done.has(to) || to === node.id) continue;
      const start = trail.indexOf(to);
      if (start < 0) visit(next);
      else
        issues.add(
          'cycle',
          path,
          `stages need each other in a circle: ${[...trail.slice(start), to].join(' -> ')}`,
        );
    }
    trail.pop();
    done.add(node.id);
    order.push(node.id);
  };
  for (const node of nodes.values()) if (!done.has(node.id)) visit(node);
  return order;
}
