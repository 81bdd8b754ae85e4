/**
 * @file What is wrong with a definition: issues with their place, collected so that several are shown at
 * once, and the error that carries them.
 */
import { DistilleryError } from '../errors/errors.js';
import type { Cells } from './matrix.js';
import { printable, type SourceFiles } from './source.js';

/** Each is described in docs/errors.md; scripts rely on them. */
export const issueCodes = [
  'too-large',
  'encoding',
  'yaml-syntax',
  'yaml-feature',
  'duplicate-key',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'out-of-range',
  'unknown-value',
  'invalid-name',
  'parameter',
  'expression',
  'unknown-stage',
  'wrong-output',
  'cycle',
  'include',
  'matrix',
  'invalid-trajectory',
  'inconsistent',
] as const;
export type IssueCode = (typeof issueCodes)[number];

/** Keys and indices from the top of the definition. */
export type Path = readonly (string | number)[];

export interface DefinitionIssue {
  readonly code: IssueCode;
  /** What is wrong and what to do, without the place. */
  readonly message: string;
  /** For example `stages.evaluate.with.networks[0]`; empty for the whole definition. */
  readonly path: string;
  /** The included file that the place is in; absent for the definition itself. */
  readonly file?: string;
  /** From 1; absent when the definition came as an object. */
  readonly line?: number;
  readonly column?: number;
  /** The line and a caret below it. */
  readonly snippet?: string;
}

const shownIssues = 20;
/** Looking on would cost time and tell nobody anything. */
const maximumIssues = 100;
/** So many cells of a matrix are looked at for a mistake that all of them have. */
const enoughCells = 8;
const longestMessage = 2000;

/** A definition that cannot be compiled. The message lists the issues with their places. */
export class DefinitionError extends DistilleryError {
  constructor(
    /** In order of their place in the text. */
    readonly issues: readonly DefinitionIssue[],
    definitionName: string,
  ) {
    const lines = issues.slice(0, shownIssues).map((issue) => formatIssue(issue, definitionName));
    if (issues.length > shownIssues) lines.push(`and ${issues.length - shownIssues} more`);
    super('InvalidDefinition', lines.join('\n'));
  }
}

/** `name:line:column: message [code]` and the snippet, or `name: path: message [code]` where there is no text. */
function formatIssue(issue: DefinitionIssue, definitionName: string): string {
  const snippet = issue.snippet === undefined ? '' : `\n${issue.snippet}`;
  return `${formatPlace(issue, definitionName)}: ${issue.message} [${issue.code}]${snippet}`;
}

function formatPlace(
  { path, file, line, column = 1 }: Omit<DefinitionIssue, 'code' | 'message'>,
  name: string,
): string {
  if (line === undefined) return path === '' ? name : `${name}: ${path}`;
  return `${file === undefined ? name : printable(file)}:${line}:${column}`;
}

function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return quoteless(text);
}

/** A path as a key of maps and sets. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** A key or value as shown in a message: cut when long, without control characters. */
export function shown(value: string): string {
  return `"${quoteless(value)}"`;
}

function quoteless(text: string): string {
  return printable(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** Where in the text a path lies. */
export interface Locator {
  readonly source?: SourceFiles;
  /** Offset of the key or of the value; of the nearest key above where the path does not exist. */
  offsetOf(path: Path, part: 'key' | 'value'): number | undefined;
}

export interface Place {
  /** Whether to point at the key or, by default, at the value. */
  readonly part?: 'key' | 'value';
  /** An offset in the text that is more exact than the path. */
  readonly offset?: number | undefined;
}

interface Found {
  readonly issue: DefinitionIssue;
  readonly offset: number;
  /** Where the stage has a matrix: the cells that have the issue, and whether each would say the same. */
  readonly cells: Set<string>;
  alike: boolean;
}

/** Collects issues of one definition; throws them when there are very many. */
export class Issues {
  private readonly found: Found[] = [];
  private cells: Cells = new Map();

  constructor(
    private readonly definitionName: string,
    private locator: Locator = { offsetOf: () => undefined },
  ) {}

  /** Once the text has been read, issues know their place by their path. */
  locateWith(locator: Locator): void {
    this.locator = locator;
  }

  /** From now on paths may begin with `stages` and a cell, whose place is that of its stage. */
  expandInto(cells: Cells): void {
    this.cells = cells;
  }

  get count(): number {
    return this.found.length;
  }

  add(code: IssueCode, path: Path, text: string, place: Place = {}): void {
    const { source } = this.locator;
    const message = printable(
      text.length > longestMessage ? `${text.slice(0, longestMessage - 3)}...` : text,
    );
    const written = this.writtenPath(path);
    const offset = place.offset ?? this.locator.offsetOf(written, place.part ?? 'value');
    const issue = { code, message, path: formatPath(written) };
    const cell = written === path ? undefined : String(path[1]);
    // A whole number that is too large breaks two rules in the same words; what an anchor holds is read again
    // wherever its alias stands; and a mistake in a stage is made once, however many cells repeat it.
    const known = this.found.find(
      (other) =>
        (offset !== undefined || other.issue.path === issue.path) &&
        other.offset === (offset ?? 0) &&
        (other.issue.message === message ||
          (cell !== undefined && other.issue.path === issue.path && other.issue.code === code)),
    );
    if (known !== undefined) {
      if (cell !== undefined) known.cells.add(cell);
      known.alike &&= known.issue.message === message;
      return;
    }
    const cells = new Set(cell === undefined ? [] : [cell]);
    if (source === undefined || offset === undefined) {
      this.found.push({ issue, offset: offset ?? 0, cells, alike: true });
    } else {
      const position = source.position(offset);
      const located = { ...issue, ...position, snippet: source.snippet(offset) };
      this.found.push({ issue: located, offset, cells, alike: true });
    }
    if (this.found.length >= maximumIssues) throw this.error();
  }

  /**
   * Whether so many cells of a matrix were found wrong at this place that one more is taken to be, unseen: what
   * takes long to say of one cell would take a thousand times as long of a thousand.
   */
  isTakenForWrong(path: Path): boolean {
    const written = this.found.length === 0 ? path : this.writtenPath(path);
    if (written === path) return false;
    const place = formatPath(written);
    const known = this.found.find(({ issue, cells }) => cells.size >= enoughCells && issue.path === place);
    known?.cells.add(String(path[1]));
    return known !== undefined;
  }

  /** A message in the form of an issue, for what is allowed but probably not meant. */
  describe(path: Path, message: string, place: Place = {}): string {
    const { source } = this.locator;
    const written = this.writtenPath(path);
    const offset = place.offset ?? this.locator.offsetOf(written, place.part ?? 'value');
    const position = source && offset !== undefined ? source.position(offset) : {};
    return `${formatPlace({ path: formatPath(written), ...position }, this.definitionName)}: ${printable(message)}`;
  }

  /** Throws all issues found so far, if any. */
  throwIfAny(): void {
    if (this.found.length > 0) throw this.error();
  }

  /** For what makes going on pointless. */
  error(): DefinitionError {
    const sorted = this.found.toSorted((a, b) => a.offset - b.offset);
    return new DefinitionError(
      sorted.map((found) => this.withCells(found)),
      this.definitionName,
    );
  }

  /** Where the place is in the definition as it was written. */
  writtenPath(path: Path): Path {
    const cell = path[0] === 'stages' ? this.cells.get(String(path[1])) : undefined;
    return cell === undefined ? path : ['stages', cell.of, ...path.slice(2)];
  }

  /** Says which cells are meant, unless all are, and alike. */
  private withCells({ issue, cells, alike }: Found): DefinitionIssue {
    const [first] = cells;
    if (first === undefined) return issue;
    const of = this.cells.get(first)?.of;
    const all = [...this.cells.values()].filter((cell) => cell.of === of).length;
    if (alike && cells.size === all) return issue;
    const others = cells.size - 1;
    const more = others === 0 ? '' : ` and ${others} ${others === 1 ? 'other' : 'others'}`;
    return { ...issue, message: `${issue.message} (in ${quoteless(first)}${more})` };
  }
}
