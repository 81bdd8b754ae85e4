/**
 * @file What is wrong with a definition: issues with their place, collected so that several are shown at
 * once, and the error that carries them.
 */
import { DistilleryError } from '../errors/errors.js';
import { printable, type SourceFiles } from './source.js';

export type IssueCode =
  | 'too-large'
  | 'encoding'
  | 'yaml-syntax'
  | 'yaml-feature'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-type'
  | 'out-of-range'
  | 'unknown-value'
  | 'invalid-name'
  | 'parameter'
  | 'expression'
  | 'unknown-stage'
  | 'wrong-output'
  | 'cycle'
  | 'include'
  | 'invalid-trajectory'
  | 'inconsistent';

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

/** `name:line:column: message` and the snippet, or `name: path: message` where there is no text. */
function formatIssue(issue: DefinitionIssue, definitionName: string): string {
  const place =
    issue.line === undefined
      ? `${definitionName}${issue.path === '' ? '' : `: ${issue.path}`}`
      : `${issue.file === undefined ? definitionName : printable(issue.file)}:${issue.line}:${issue.column ?? 1}`;
  return `${place}: ${issue.message}${issue.snippet === undefined ? '' : `\n${issue.snippet}`}`;
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

/** Collects issues of one definition; throws them when there are very many. */
export class Issues {
  private readonly found: { issue: DefinitionIssue; offset: number }[] = [];

  constructor(
    private readonly definitionName: string,
    private locator: Locator = { offsetOf: () => undefined },
  ) {}

  /** Once the text has been read, issues know their place by their path. */
  locateWith(locator: Locator): void {
    this.locator = locator;
  }

  get count(): number {
    return this.found.length;
  }

  add(code: IssueCode, path: Path, message: string, place: Place = {}): void {
    const { source } = this.locator;
    const offset = place.offset ?? this.locator.offsetOf(path, place.part ?? 'value');
    const issue = { code, message, path: formatPath(path) };
    // A whole number that is too large breaks two rules in the same words; what an anchor holds is read again
    // wherever its alias stands.
    const isKnown = this.found.some(
      (known) =>
        (offset !== undefined || known.issue.path === issue.path) &&
        known.issue.message === message &&
        known.offset === (offset ?? 0),
    );
    if (isKnown) return;
    if (source === undefined || offset === undefined) {
      this.found.push({ issue, offset: offset ?? 0 });
    } else {
      const position = source.position(offset);
      this.found.push({ issue: { ...issue, ...position, snippet: source.snippet(offset) }, offset });
    }
    if (this.found.length >= maximumIssues) throw this.error();
  }

  /** A message in the form of an issue, for what is allowed but probably not meant. */
  describe(path: Path, message: string, place: Place = {}): string {
    const { source } = this.locator;
    const offset = place.offset ?? this.locator.offsetOf(path, place.part ?? 'value');
    const position = source && offset !== undefined ? source.position(offset) : {};
    return formatIssue(
      { code: 'inconsistent', path: formatPath(path), message, ...position },
      this.definitionName,
    );
  }

  /** Throws all issues found so far, if any. */
  throwIfAny(): void {
    if (this.found.length > 0) throw this.error();
  }

  /** For what makes going on pointless. */
  error(): DefinitionError {
    const sorted = this.found.toSorted((a, b) => a.offset - b.offset);
    return new DefinitionError(
      sorted.map(({ issue }) => issue),
      this.definitionName,
    );
  }
}
