/**
 * @file What a mistyped name may have meant: the known name that is closest, or a list of them.
 */

/**
 * Edits (insert, delete, replace, swap of neighbours) that turn one word into the other; at least `limit` where
 * there are so many, without counting them.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last: number[] = [];
  for (let column = 0; column <= b.length; column++) last.push(column);
  let leastOfLast = 0;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column++) {
      const replace = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(replace, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
      least = Math.min(least, best);
    }
    // A swap reaches back two rows, and costs one edit.
    if (least >= limit && leastOfLast >= limit) return limit;
    leastOfLast = least;
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

const plain = (word: string) => word.toLowerCase().replaceAll(/[-_ ]/g, '');

/** The closest of the known names, or undefined when none is close enough to be meant. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const offered = plain(name);
    const distance = wanted === offered ? 0 : editDistance(wanted, offered, bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const name = closest(word, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

const listedNames = 20;

/** `a, b, c`; of very many the first, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length - listedNames;
  return names.slice(0, listedNames).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
