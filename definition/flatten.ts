/**
 * @file A definition with what it includes written into it, so that it can be started anywhere.
 */
import { Document, visit } from 'yaml';
import { Issues } from './issues.js';
import { readDefinition, type ReadOptions } from './read-definition.js';

/** Characters that would act on a terminal, or make the text read differently from what it is. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;

/**
 * The definition as one YAML text that compiles to the same plan; comments, anchors and merge keys are gone.
 * Only its form is checked.
 *
 * @throws DefinitionError
 */
export function flatten(input: Uint8Array | string, options: ReadOptions = {}): string {
  const issues = new Issues(options.name ?? 'definition');
  const { value } = readDefinition(input, options, issues);
  issues.throwIfAny();
  const document = new Document(value, { aliasDuplicateObjects: false });
  // Only double quotes can hold the escapes of such characters.
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && unsafe.test(scalar.value.replaceAll('\n', '')))
        scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replace(new RegExp(unsafe, 'gu'), (character) => {
    const code = character.charCodeAt(0);
    return character === '\n' ? character : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
