/**
 * @file From text to YAML nodes: YAML 1.2 with the core schema, one document, bounded nesting. What is
 * wrong with the syntax is reported here; what the nodes mean is not looked at.
 */
import { Composer, type CST, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml';
import type { Issues } from './issues.js';
import { maximumDepth, maximumTokens } from './limits.js';
import type { SourceText } from './source.js';

/** One mistake often makes the parser stumble over what follows it. */
const shownErrors = 3;

/** The root node, or undefined after reporting why there is none. */
export function parseYaml(source: SourceText, issues: Issues): ParsedNode | undefined {
  const tokens = tokenise(source, issues);
  if (tokens === undefined) return undefined;

  const tooDeep = firstTooDeep(tokens);
  if (tooDeep !== undefined) {
    reportTooDeep(source, tooDeep, issues);
    return undefined;
  }

  // Duplicate keys are looked for later: the parser's own search takes quadratic time.
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokens, true, source.text.length)) documents.push(document);

  const [first, second] = documents;
  if (first === undefined) return undefined;
  const errors = documents.flatMap(({ errors: own }) => own);
  for (const error of errors.slice(0, shownErrors)) reportError(error, source, issues);
  if (errors.length > 0) return undefined;
  if (second !== undefined) {
    const message = 'a second YAML document begins here; a definition is a single one';
    issues.add('yaml-feature', [], message, { offset: source.start + second.range[0] });
    return undefined;
  }
  if (first.directives.yaml.explicit === true && first.directives.yaml.version !== '1.2') {
    issues.add('yaml-feature', [], 'definitions are YAML 1.2; remove the %YAML line', {
      offset: source.start,
    });
    return undefined;
  }
  return first.contents ?? undefined;
}

/** Stops early on texts that would take long, or whose nesting would overflow the stack. */
function tokenise(source: SourceText, issues: Issues): CST.Token[] | undefined {
  const tokens: CST.Token[] = [];
  const parser = new Parser();
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    if (++count > maximumTokens) {
      const message = `the definition has more than ${maximumTokens} words and signs`;
      issues.add('too-large', [], message, { offset: Math.min(source.start + offset, source.end) });
      return undefined;
    }
    offset += lexeme.length;
    tokens.push(...parser.next(lexeme));
    // What is open now, the parser closes by recursion.
    if (parser.stack.length > 2 * maximumDepth) {
      const first = parser.stack.find((token, depth) => depth > maximumDepth && 'items' in token);
      reportTooDeep(source, first?.offset ?? offset, issues);
      return undefined;
    }
  }
  tokens.push(...parser.end());
  return tokens;
}

function reportTooDeep(source: SourceText, at: number, issues: Issues): void {
  const message = `mappings and lists are nested more than ${maximumDepth} deep`;
  issues.add('yaml-feature', [], message, { offset: Math.min(source.start + at, source.end) });
}

function reportError(error: YAMLError, source: SourceText, issues: Issues): void {
  const offset = Math.min(source.start + error.pos[0], source.end);
  const line = source.line(source.position(offset).line);
  const hint =
    line.includes('${{') && !/["']\s*\$\{\{/.test(line)
      ? '; inside { } and [ ], and around ": " and " #", put quotes around ${{ … }}'
      : '';
  issues.add('yaml-syntax', [], `${explain(error)}${hint}`, { offset });
}

function explain(error: YAMLError): string {
  const message = error.message.replace(/\.$/, '');
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'tabs cannot indent YAML; use spaces';
    case 'NON_STRING_KEY':
      return 'a key must be a plain word';
    case 'MULTILINE_IMPLICIT_KEY':
      return 'this text is neither a key with ":" nor a list item with "- "; the line may be indented wrongly or lack a ":"';
    default:
      return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  }
}

/** Offset of the first collection below the permitted depth. Iterative, for any depth. */
function firstTooDeep(roots: readonly CST.Token[]): number | undefined {
  const open: { token: CST.Token; depth: number }[] = roots.map((token) => ({ token, depth: 0 }));
  let first: number | undefined;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (token.type === 'document') {
      if (token.value) open.push({ token: token.value, depth: depth + 1 });
    } else if ('items' in token) {
      if (depth > maximumDepth) {
        first = Math.min(first ?? token.offset, token.offset);
        continue;
      }
      for (const item of token.items) {
        if (item.key) open.push({ token: item.key, depth: depth + 1 });
        if (item.value) open.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
  return first;
}
