/** Settings of {@link editDistance}. */
export interface EditDistanceOptions {
  /** A character of `from` that matches any run of characters of `to`, even an empty one, at no cost. Default: none. */
  readonly wildcard?: string;
}

/** How many characters to insert, delete or replace, and neighbours to swap, turn one word into the other. */
export function editDistance(from: string, to: string, { wildcard }: EditDistanceOptions = {}): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const isWildcard = from[row - 1] === wildcard;
    const current = [(previous[0] ?? 0) + (isWildcard ? 0 : 1)];
    for (let column = 1; column <= to.length; column++) {
      const [left, above] = [current[column - 1] ?? 0, previous[column] ?? 0];
      if (isWildcard) {
        current.push(Math.min(left, above));
        continue;
      }
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swappable = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = swappable ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swapped, above + 1, left + 1));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
