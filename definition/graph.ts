/**
 * @file The graph of stages: what needs what, by name and by references to outputs, and an order in which
 * everything comes after what it needs. Works on a definition that may still be wrong elsewhere, so that
 * mistakes of both kinds are shown at once.
 */
import { signatureOf, type StageTypes } from './custom-stages.js';
import { OpenExpression, StageReference } from './expressions.js';
import type { LateByStage } from './late-settings.js';
import { type Issues, type Path, shown } from './issues.js';
import { maximumNeeds } from './limits.js';
import { cellKey, type Cells, type CellValues } from './matrix.js';
import { artifactsOf, outputKind, outputsOf } from './outputs.js';
import type { StageType } from './plan.js';
import { didYouMean, listed } from './suggest.js';

/** Which output each field that takes one expects. The schema of a custom stage says what its fields take. */
const fields: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  distill: {
    trajectories: { uses: ['train-experts'], output: 'trajectories' },
    init: { uses: ['select', 'distill'], output: 'result' },
  },
  select: { trajectories: { uses: ['train-experts'], output: 'trajectories' } },
  evaluate: { dataset: { uses: ['distill', 'select'], output: 'result' } },
};

interface Expected {
  /** Types of stage that have it. */
  readonly uses: readonly StageType[];
  readonly output: string;
}

/** Ids of planned stages in an order to run them, and for each what it needs. */
export interface StageGraph {
  readonly order: readonly string[];
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** The planned stage that each reference to an output means. */
  readonly targets: ReadonlyMap<StageReference, string>;
  /** The planned stages that the condition of a stage looks at, by the id that it writes. */
  readonly conditions: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The same for the late settings of a stage. */
  readonly late: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** A need as it is written: by the id of a stage, whichever cells that stands for. */
interface Need {
  readonly to: string;
  readonly path: Path;
}

interface Edge {
  readonly to: StageNode;
  readonly path: Path;
}

interface StageNode {
  readonly id: string;
  /** Id in the definition. */
  readonly of: string;
  /** Of a cell. */
  readonly cell: CellValues | undefined;
  readonly uses: unknown;
  readonly written: readonly Need[];
  /** Stages whose numbers the condition looks at. */
  readonly looksAt: readonly string[];
  /** Stages whose numbers late settings are made of, with the place that names them. */
  readonly madeOf: readonly Need[];
  readonly references: { readonly reference: StageReference; readonly field: string; readonly path: Path }[];
  /** A report that does not say what it needs reports on everything before it. */
  readonly needsAll: boolean;
  readonly needs: Edge[];
}

/** The graph of the resolved `stages` of a definition, matrices expanded; mistakes in it are reported. */
export function stageGraph(
  stages: unknown,
  late: LateByStage,
  cells: Cells,
  types: StageTypes,
  issues: Issues,
): StageGraph {
  const graph = new Graph(readNodes(stages, late, cells), types, issues);
  const targets = new Map<StageReference, string>();
  const conditions = new Map<string, Readonly<Record<string, string>>>();
  const settings = new Map<string, Readonly<Record<string, string>>>();
  for (const node of graph.nodes) {
    for (const need of node.written) graph.addNeed(node, need);
    const when = node.looksAt.map((to): Need => ({ to, path: ['stages', node.id, 'when'] }));
    conditions.set(node.id, graph.checkNumbers(node, when));
    settings.set(node.id, graph.checkNumbers(node, node.madeOf));
    for (const { reference, field, path } of node.references) {
      const target = graph.checkReference(node, reference, field, path);
      if (target === undefined) continue;
      node.needs.push({ to: target, path });
      targets.set(reference, target.id);
    }
  }
  for (const node of graph.nodes) if (node.needsAll) graph.needAll(node);
  const order = sort(graph.nodes, issues);
  const needs = new Map(
    graph.nodes.map((node) => [node.id, [...new Set(node.needs.map(({ to }) => to.id))]]),
  );
  const total = [...needs.values()].reduce((sum, list) => sum + list.length, 0);
  if (total > maximumNeeds)
    issues.add(
      'matrix',
      ['stages'],
      `the cells of this pipeline need each other ${total} times; there can be ${maximumNeeds} needs: give stages that belong together the same matrix, so that each cell needs its own`,
      { part: 'key' },
    );
  return { order, needs, targets, conditions, late: settings };
}

function readNodes(stages: unknown, late: LateByStage, cells: Cells): StageNode[] {
  return entries(stages).map(([id, stage]) => {
    const fields = new Map(entries(stage));
    const path = ['stages', id];
    const cell = cells.get(id);
    const needs = fields.get('needs');
    const list: readonly unknown[] = Array.isArray(needs) ? needs : [];
    const written = list.map((to, index) => ({ to, path: [...path, 'needs', index] as Path }));
    if (typeof needs === 'string') written.push({ to: needs, path: [...path, 'needs'] });
    const references = entries(fields.get('with')).flatMap(([field, value]) =>
      referencesIn(value).map(({ reference, place }) => ({
        reference,
        field,
        path: [...path, 'with', field, ...place],
      })),
    );
    const when = fields.get('when');
    return {
      id,
      of: cell?.of ?? id,
      looksAt: when instanceof OpenExpression ? stagesOf(when) : [],
      madeOf: (late.get(id) ?? []).flatMap(({ place, expression }) =>
        stagesOf(expression).map((to): Need => ({ to, path: [...path, 'with', ...place] })),
      ),
      cell: cell?.values,
      uses: fields.get('uses'),
      written: written.filter((need): need is Need => typeof need.to === 'string'),
      references,
      needsAll: fields.get('uses') === 'report' && needs === undefined,
      needs: [],
    };
  });
}

/** Ids in `stages.ID.OUTPUT`. */
function stagesOf({ references }: OpenExpression): string[] {
  return [
    ...new Set(references.flatMap(([root, id]) => (root === 'stages' && id !== undefined ? [id] : []))),
  ];
}

/** The value itself, or members of a list. */
function referencesIn(value: unknown): { reference: StageReference; place: Path }[] {
  if (value instanceof StageReference) return [{ reference: value, place: [] }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index) =>
    item instanceof StageReference ? [{ reference: item, place: [index] }] : [],
  );
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

class Graph {
  /** The cells of each stage, or the stage itself, by the id in the definition. */
  private readonly stages = new Map<string, StageNode[]>();
  /** The cells of a stage by their values on some axes. */
  private readonly sorted = new Map<string, Map<string, StageNode[]>>();

  constructor(
    readonly nodes: readonly StageNode[],
    private readonly types: StageTypes,
    private readonly issues: Issues,
  ) {
    for (const node of nodes) {
      const known = this.stages.get(node.of);
      if (known === undefined) this.stages.set(node.of, [node]);
      else known.push(node);
    }
  }

  addNeed(node: StageNode, { to, path }: Need): void {
    if (this.issues.isTakenForWrong(path)) return;
    const cells = this.stages.get(to);
    if (to === node.of) this.issues.add('cycle', path, `stage ${shown(to)} needs itself`);
    else if (cells === undefined) this.issues.add('unknown-stage', path, this.unknownStage(to, node.of));
    else {
      const own = this.ownCells(node, cells);
      if (own.length === 0) this.issues.add('matrix', path, noCell(node, to));
      for (const cell of own) node.needs.push({ to: cell, path });
    }
  }

  /** The planned stages whose numbers a stage looks at, by the id that it writes; it needs them. */
  checkNumbers(node: StageNode, looks: readonly Need[]): Readonly<Record<string, string>> {
    const seen = Object.create(null) as Record<string, string>;
    for (const { to: id, path } of looks) {
      if (this.issues.isTakenForWrong(path)) continue;
      const cells = this.stages.get(id);
      if (cells === undefined || id === node.of) {
        this.issues.add('unknown-stage', path, this.unknownStage(id, node.of));
        continue;
      }
      const own = this.ownCells(node, cells);
      const [only] = own;
      if (only === undefined) this.issues.add('matrix', path, noCell(node, id));
      else if (own.length > 1) this.issues.add('matrix', path, severalCells(node, id, own));
      else {
        node.needs.push({ to: only, path });
        seen[id] = only.id;
      }
    }
    return seen;
  }

  /** The planned stage that the reference means, when it has an output of the expected kind. */
  checkReference(
    node: StageNode,
    { stage, output }: StageReference,
    field: string,
    path: Path,
  ): StageNode | undefined {
    if (this.issues.isTakenForWrong(path)) return undefined;
    const cells = this.stages.get(stage);
    const [target] = cells ?? [];
    if (cells === undefined || target === undefined || stage === node.of) {
      const message =
        stage === node.of
          ? `stage ${shown(stage)} cannot use its own output`
          : this.unknownStage(stage, node.of);
      this.issues.add('unknown-stage', path, message);
      return undefined;
    }
    const problem = this.outputProblem(node, target, output, field);
    if (problem !== undefined) {
      this.issues.add('wrong-output', path, problem);
      return undefined;
    }
    const own = this.ownCells(node, cells);
    const [only] = own;
    if (only !== undefined && own.length === 1) return only;
    this.issues.add(
      'matrix',
      path,
      only === undefined ? noCell(node, stage) : severalCells(node, stage, own),
    );
    return undefined;
  }

  /** Adds every stage that does not itself come after this one. */
  needAll(report: StageNode): void {
    const after = new Set([report]);
    const users = new Map<StageNode, StageNode[]>();
    for (const node of this.nodes)
      for (const { to } of node.needs) {
        const known = users.get(to);
        if (known === undefined) users.set(to, [node]);
        else known.push(node);
      }
    // A set also visits what is added to it meanwhile.
    for (const node of after) for (const user of users.get(node) ?? []) after.add(user);
    for (const cells of this.stages.values())
      for (const node of this.ownCells(report, cells))
        if (!after.has(node) && !node.needsAll) report.needs.push({ to: node, path: ['stages', report.id] });
  }

  /** Of the cells of another stage those that have the same values on the axes that both have. */
  private ownCells(node: StageNode, cells: readonly StageNode[]): readonly StageNode[] {
    const [first] = cells;
    if (node.cell === undefined || first?.cell === undefined) return cells;
    const other = first.cell;
    const axes = Object.keys(node.cell).filter((axis) => Object.hasOwn(other, axis));
    if (axes.length === 0) return cells;
    const name = JSON.stringify([first.of, axes]);
    let index = this.sorted.get(name);
    if (index === undefined) {
      index = new Map();
      for (const entry of cells) {
        const key = cellKey(entry.cell ?? {}, axes);
        const known = index.get(key);
        if (known === undefined) index.set(key, [entry]);
        else known.push(entry);
      }
      this.sorted.set(name, index);
    }
    return index.get(cellKey(node.cell, axes)) ?? [];
  }

  private outputProblem(
    node: StageNode,
    target: StageNode,
    output: string,
    field: string,
  ): string | undefined {
    const expected =
      typeof node.uses === 'string' && Object.hasOwn(fields, node.uses)
        ? fields[node.uses]?.[field]
        : undefined;
    const offered = outputsOf(target.uses, this.types);
    // A wrong key or type of stage is reported by the schema.
    if (offered === undefined) return undefined;
    const kind = outputKind(offered, output);
    if (signatureOf(node.uses, this.types) !== undefined)
      return kind === undefined ? noOutput(target.of, output, Object.keys(offered)) : undefined;
    if (expected === undefined) return undefined;
    // Images are images, whatever type of stage made them.
    if (expected.uses.includes('select') && signatureOf(target.uses, this.types) !== undefined) {
      if (kind === undefined) return noOutput(target.of, output, artifactsOf(offered));
      return kind === 'images'
        ? undefined
        : `${shown(field)} takes images; ${shown(output)} of stage ${shown(target.of)} is something else`;
    }
    const isOneOf = (uses: unknown): boolean => expected.uses.some((type) => type === uses);
    if (!isOneOf(target.uses)) {
      const candidate = this.nodes.find(({ uses, of }) => isOneOf(uses) && of !== node.of);
      const example = candidate ? `, such as \${{ stages.${candidate.of}.${expected.output} }}` : '';
      return `${shown(field)} takes the ${shown(expected.output)} of a ${expected.uses.join(' or ')} stage${example}; ${shown(target.of)} is of type ${String(target.uses)}`;
    }
    if (output === expected.output) return undefined;
    return kind === undefined
      ? noOutput(target.of, output, artifactsOf(offered))
      : `${shown(output)} of stage ${shown(target.of)} cannot be used here; ${shown(field)} takes ${shown(expected.output)}`;
  }

  private unknownStage(id: string, from: string): string {
    const others = [...this.stages.keys()].filter((other) => other !== from);
    const hint =
      didYouMean(id, others) ||
      (others.length > 0 ? `; there are: ${listed(others)}` : '; it is the only one');
    return `there is no stage ${shown(id)}${hint}`;
  }
}

function noOutput(stage: string, output: string, offered: readonly string[]): string {
  const known = didYouMean(output, offered) || `; it has: ${offered.join(', ')}`;
  return `stage ${shown(stage)} has no output ${shown(output)}${known}`;
}

function noCell(node: StageNode, to: string): string {
  return `no cell of ${shown(to)} has the values of ${node.id}: give both the same matrix ("matrix: ${to}"), or exclude this cell`;
}

/** So many cells are named in a message. */
const namedCells = 3;

function severalCells(node: StageNode, to: string, cells: readonly StageNode[]): string {
  const names = cells.slice(0, namedCells).map(({ id }) => id);
  const more = cells.length > namedCells ? `, and ${cells.length - namedCells} more` : '';
  const remedy =
    node.cell === undefined
      ? `give ${shown(node.of)} the same matrix ("matrix: ${to}")`
      : `give ${shown(node.of)} all axes of ${shown(to)} ("matrix: ${to}")`;
  return `this could be ${cells.length} cells of ${shown(to)}: ${names.join(', ')}${more}; one is wanted here: ${remedy}, so that each cell takes that of its own values`;
}

/** Stages in the order written, each moved behind what it needs; cycles are reported. */
function sort(nodes: readonly StageNode[], issues: Issues): string[] {
  const order: string[] = [];
  const done = new Set<StageNode>();
  const trail: StageNode[] = [];
  const visit = (node: StageNode): void => {
    trail.push(node);
    for (const { to, path } of node.needs) {
      if (done.has(to) || to === node) continue;
      const start = trail.indexOf(to);
      if (start < 0) visit(to);
      else {
        const circle = [...trail.slice(start), to].map(({ of }) => of);
        issues.add('cycle', path, `stages need each other in a circle: ${circle.join(' -> ')}`);
      }
    }
    trail.pop();
    done.add(node);
    order.push(node.id);
  };
  for (const node of nodes) if (!done.has(node)) visit(node);
  return order;
}
