import { ConfigError, type ImageSize } from "@detrkit/common";
import type { PlaceOnAxis } from "@detrkit/masks";
import { readGrid, type ReadableMasks } from "./read-grid.ts";
import { type MaskGrid, nearestMiddle, placeOfPixel } from "./sampled-logits.ts";

/** One segment of a panoptic picture. */
export interface PanopticSegment {
  /** Its pixels have this id, from 1: 0 is left for what is no segment, as in COCO's files. */
  readonly id: number;
  /** The model's label, from 0. */
  readonly label: number;
  /** Whether it is one object, or stuff: all sky, all grass. */
  readonly isThing: boolean;
  /** In pixels. */
  readonly area: number;
  /** Of the query that it comes from. */
  readonly score: number;
}

/** An image parted into segments, each pixel belonging to one. */
export interface PanopticImage extends ImageSize {
  /** `[height · width]`, row by row: the id of each pixel's segment; 0 everywhere where nothing was found. */
  readonly segmentIds: Int32Array;
  readonly segments: readonly PanopticSegment[];
}

/** A query that may become a segment: what it is, and how sure that is. `N` queries. */
export interface PanopticQueries {
  /** `[N]` */
  readonly labels: ArrayLike<number>;
  /** `[N]`, 0 to 1. */
  readonly scores: ArrayLike<number>;
  /** `[N]`: each one's query, from 0. */
  readonly queries: ArrayLike<number>;
}

/** Settings of {@link panopticSegments}. */
export interface PanopticOptions {
  /** Of each image the classes of its queries, those of "no object" left out. `[B]` */
  readonly candidates: readonly PanopticQueries[];
  /** Size of each image as the model saw it, without padding. `[B]` */
  readonly sizes: readonly ImageSize[];
  /** Size of each image as it was given, which the result has. `[B]` */
  readonly sourceSizes: readonly ImageSize[];
  /** Whether objects of a label are told apart; stuff of one label becomes one segment. */
  readonly isThing: (label: number) => boolean;
  /** Queries with a lower score, or this one, are left out. Default 0.85, as published. */
  readonly threshold?: number;
  /** Segments of so few pixels, or fewer, are left out. Default 4, as published. */
  readonly smallest?: number;
}

/**
 * Parts each image of a batch into segments: of the sure queries, each pixel takes the one with the highest logit.
 *
 * @throws ConfigError where `smallest` is no area
 */
export async function panopticSegments(
  masks: ReadableMasks,
  { candidates, sizes, sourceSizes, isThing, threshold = 0.85, smallest = 4 }: PanopticOptions,
): Promise<PanopticImage[]> {
  expectArea(smallest);
  const found: PanopticImage[] = [];
  for (const [image, { labels, scores, queries }] of candidates.entries()) {
    const [size, sourceSize] = [sizes[image] as ImageSize, sourceSizes[image] as ImageSize];
    const sure = Array.from(scores, (score, index) => ({
      score,
      label: labels[index] as number,
      query: queries[index] as number,
    })).filter(({ score }) => score > threshold);
    if (sure.length === 0) {
      found.push(nothingFound(sourceSize));
      continue;
    }
    const chosen = sure.map(({ query }) => query);
    const grid = await readGrid(masks, { image, queries: chosen, size, sourceSize });
    found.push(segmentsOfGrid(grid, sure, { isThing, smallest }));
  }
  return found;
}

/** With less than 0 a segment without pixels would stay, which no picture and no evaluation has a place for. */
function expectArea(smallest: number): void {
  if (!(smallest >= 0)) throw new ConfigError(`panopticSegments: smallest expected 0 pixels or more, got ${smallest}`);
}

function nothingFound({ height, width }: ImageSize): PanopticImage {
  return { height, width, segmentIds: new Int32Array(height * width), segments: [] };
}

/** What a mask of a grid is of. */
interface Classified {
  readonly label: number;
  readonly score: number;
}

/**
 * The segments of one image's masks.
 *
 * @param found - what each of the grid's masks is
 */
export function segmentsOfGrid(
  grid: MaskGrid,
  found: readonly Classified[],
  { isThing, smallest = 4 }: Pick<PanopticOptions, "isThing" | "smallest">,
): PanopticImage {
  expectArea(smallest);
  const { height, width } = grid.sourceSize;
  let kept = found.map((_, mask) => mask);
  let winners = highestMasks(grid, kept);
  // Stuff of one class becomes one segment, in the first pass only: those that lost all of their pixels are then left
  // out as too small, and their pixels go to whichever mask is highest of the rest. So does the original.
  const first = firstOfStuff(found, isThing);
  winners = winners.map((winner) => first[winner] as number);
  let areas = areasOf(winners, kept.length);
  while (kept.length > 0 && areas.some((area) => area <= smallest)) {
    kept = kept.filter((_, index) => (areas[index] as number) > smallest);
    winners = highestMasks(grid, kept);
    areas = areasOf(winners, kept.length);
  }
  if (kept.length === 0) return nothingFound(grid.sourceSize);
  const segments = kept.map((mask, index): PanopticSegment => {
    const { label, score } = found[mask] as Classified;
    return { id: index + 1, label, isThing: isThing(label), area: areas[index] as number, score };
  });
  return { height, width, segmentIds: winners.map((winner) => winner + 1), segments };
}

/** For each mask the first of its class if that is stuff, else itself. */
function firstOfStuff(found: readonly Classified[], isThing: (label: number) => boolean): number[] {
  return found.map(({ label }, mask) => (isThing(label) ? mask : found.findIndex((other) => other.label === label)));
}

function areasOf(winners: Int32Array, count: number): Float64Array {
  const areas = new Float64Array(count);
  for (const winner of winners) areas[winner] = (areas[winner] as number) + 1;
  return areas;
}

/** Of each pixel the chosen mask with the highest logit, as an index into `masks`: `[height · width]`. */
function highestMasks(grid: MaskGrid, masks: readonly number[]): Int32Array {
  const { cells, cellsPerPixel, size, sourceSize } = grid;
  const rows = nearestMiddle(size.height, sourceSize.height);
  const columns = nearestMiddle(size.width, sourceSize.width);
  const places = Array.from(columns, (column) => placeOfPixel(column, cellsPerPixel.width, cells.width));
  const ids = new Int32Array(sourceSize.height * sourceSize.width);
  const best = new Float32Array(sourceSize.width);
  const line = new Float32Array(cells.width);
  for (let row = 0; row < sourceSize.height; row++) {
    const start = row * sourceSize.width;
    if (row > 0 && rows[row] === rows[row - 1]) {
      ids.copyWithin(start, start - sourceSize.width, start);
      continue;
    }
    const place = placeOfPixel(rows[row] as number, cellsPerPixel.height, cells.height);
    best.fill(-Infinity);
    masks.forEach((mask, index) => {
      interpolateRow(grid, mask, place, line);
      for (const [column, { low, high, share }] of places.entries()) {
        const value = (line[low] as number) * (1 - share) + (line[high] as number) * share;
        if (value > (best[column] as number)) {
          best[column] = value;
          ids[start + column] = index;
        }
      }
    });
  }
  return ids;
}

function interpolateRow(
  { logits, cells: { height, width } }: MaskGrid,
  mask: number,
  { low, high, share }: PlaceOnAxis,
  into: Float32Array,
): void {
  const [above, below] = [(mask * height + low) * width, (mask * height + high) * width];
  for (let column = 0; column < width; column++)
    into[column] = (logits[above + column] as number) * (1 - share) + (logits[below + column] as number) * share;
}
