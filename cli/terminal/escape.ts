/**
 * @file Makes text from elsewhere (definitions, histories, object keys, error messages) harmless to print.
 */

/**
 * Control characters (they move the cursor, ring, retitle the window), line and paragraph separators, and
 * the direction overrides that make text read differently from what it is.
 */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const unsafeButLines =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function visible(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** JSON with escapes for what terminals obey and JSON lets through; it reads as the same value. */
export function printableJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The text on one line, every control character shown as `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(unsafe, visible);
}

/** As {@link printable}, but line breaks stay: for messages that are laid out in lines. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '  ').replace(unsafeButLines, visible);
}
