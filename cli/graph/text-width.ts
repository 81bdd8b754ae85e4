/**
 * @file How wide a text is in an ordinary sans-serif font, near enough to lay out boxes without one.
 */

const narrow = /[ijltfr.,:;'|!()[\] -]/;
const wide = /[mwMW%@—]/;
const capital = /[A-Z0-9_#&=+~<>?$]/;
/** Beyond Latin: as wide as high. */
const full = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|[\u{1f300}-\u{1faff}]/u;

/** Bold letters are wider. */
export const boldFactor = 1.12;

/** In pixels at a font size, rather more than less: fonts differ by a tenth. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) {
    if (full.test(character)) ems += 1;
    else if (narrow.test(character)) ems += 0.37;
    else if (wide.test(character)) ems += 0.93;
    else ems += capital.test(character) ? 0.66 : 0.61;
  }
  return ems * fontSize;
}

/** Cut in the middle, where ids differ least, to at most a width. */
export function fitted(text: string, fontSize: number, width: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const characters = Array.from(text);
  for (let kept = characters.length - 1; kept > 1; kept -= 1) {
    const head = Math.ceil(kept / 2);
    const short = `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
    if (textWidth(short, fontSize) <= width) return short;
  }
  return '…';
}
