/**
 * @file A command written as one text, taken apart without a shell.
 */
import { InvalidArgumentError } from 'commander';

/**
 * Words apart at white space; 'single' and "double" quotes keep it, and nothing else has a meaning.
 *
 * @throws InvalidArgumentError when there is no word or a quote is not closed
 */
export function words(text: string): readonly string[] {
  const found: string[] = [];
  const word = /(?:[^\s'"]|'[^']*'|"[^"]*")+/y;
  const space = /\s*/y;
  for (let at = 0; ; at = word.lastIndex) {
    space.lastIndex = at;
    space.exec(text);
    if (space.lastIndex === text.length) break;
    word.lastIndex = space.lastIndex;
    const match = word.exec(text);
    if (match === null) throw new InvalidArgumentError('A quote is not closed.');
    found.push(
      match[0].replaceAll(
        /'([^']*)'|"([^"]*)"/g,
        (_, single?: string, double?: string) => single ?? double ?? '',
      ),
    );
  }
  if ((found[0] ?? '') === '') throw new InvalidArgumentError('Give a program and its arguments.');
  return found;
}
