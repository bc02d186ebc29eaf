/** The known word that was most likely meant; undefined if none is near. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const word of known) {
    const distance = word.startsWith(given) && given.length > 1 ? 1 : editDistance(given, word);
    if (distance < bestDistance && distance < word.length) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** What to say of a word that is not known: the one that was most likely meant, else all that there are. */
export function suggestionOf(given: string, known: readonly string[]): string {
  const meant = nearest(given, known);
  return meant === undefined ? `it knows ${known.join(", ")}` : `did you mean ${meant}?`;
}

/** Letters to insert, remove, replace or swap with their neighbour to make one word of the other. */
function editDistance(source: string, target: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let row = 1; row <= source.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= target.length; column += 1) {
      const differs = source[row - 1] === target[column - 1] ? 0 : 1;
      const isSwapped =
        source[row - 1] === target[column - 2] && source[row - 2] === target[column - 1];
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + differs,
        isSwapped ? at(beforePrevious, column - 2) + 1 : Infinity,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, target.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
