/** Number of characters to insert, delete or replace, and of neighbours to swap, that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swappable = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = swappable ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}

/** The known name that somebody who typed `typed` most likely meant, if one is near enough. */
export function closestName(typed: string, known: readonly string[]): string | undefined {
  const folded = typed.toLowerCase().replaceAll(/[-_]/g, "");
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const target = name.toLowerCase().replaceAll(/[-_]/g, "");
    const shortened = folded.length >= 3 && (target.startsWith(folded) || target.endsWith(folded));
    const distance = shortened ? 1 : editDistance(folded, target);
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(folded.length / 3)) ? best.name : undefined;
}

/** `, did you mean --name?`, or nothing where no known name is near. */
export function suggestion(typed: string, known: readonly string[], prefix = ""): string {
  const name = closestName(typed, known);
  return name === undefined ? "" : `, did you mean ${prefix}${name}?`;
}
