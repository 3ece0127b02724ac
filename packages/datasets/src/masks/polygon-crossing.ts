/** Polygons of more pairs of edges than this are looked at in part: one of a million points has half a billion. */
const mostPairs = 2_000_000;

/** A place where two edges meet. */
export interface Crossing {
  readonly x: number;
  readonly y: number;
}

/** An edge from its left to its right end. */
interface Edge {
  readonly from: Crossing;
  readonly to: Crossing;
}

/** Which side of the line through two points a third one is on: positive, negative, or 0 on it. */
const side = (from: Crossing, to: Crossing, { x, y }: Crossing): number =>
  Math.sign((to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x));

/** Where two edges cross; `undefined` where they only touch, as neighbours do, or lie on each other. */
function crossingOf(a: Edge, b: Edge): Crossing | undefined {
  if (side(a.from, a.to, b.from) * side(a.from, a.to, b.to) >= 0) return undefined;
  if (side(b.from, b.to, a.from) * side(b.from, b.to, a.to) >= 0) return undefined;
  const [across, down] = [a.to.x - a.from.x, a.to.y - a.from.y];
  const [otherAcross, otherDown] = [b.to.x - b.from.x, b.to.y - b.from.y];
  const along =
    ((b.from.x - a.from.x) * otherDown - (b.from.y - a.from.y) * otherAcross) /
    (across * otherDown - down * otherAcross);
  return { x: a.from.x + along * across, y: a.from.y + along * down };
}

/**
 * The first place that is found where the outline of a polygon crosses itself: what is drawn twice is not filled.
 *
 * @param polygon - flat list `x, y, x, y, …`
 */
export function selfCrossing(polygon: readonly number[]): Crossing | undefined {
  const points = Array.from({ length: polygon.length / 2 }, (_, at): Crossing => {
    return { x: polygon[2 * at] as number, y: polygon[2 * at + 1] as number };
  });
  const edges = points.map((from, place): Edge => {
    const to = points[(place + 1) % points.length] as Crossing;
    return from.x <= to.x ? { from, to } : { from: to, to: from };
  });
  const byLeft = edges.toSorted((a, b) => a.from.x - b.from.x);
  let pairs = 0;
  for (const [index, edge] of byLeft.entries()) {
    for (let other = index + 1; other < byLeft.length; other++) {
      const later = byLeft[other] as Edge;
      if (later.from.x > edge.to.x) break;
      if (++pairs > mostPairs) return undefined;
      const found = crossingOf(edge, later);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
