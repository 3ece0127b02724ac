import { ConfigError, type ImageSize } from "@detrkit/common";
import { RunCounter, type RunLengthMask } from "@detrkit/masks";
import { readGrid, type ReadableMasks } from "./read-grid.ts";
import { type MaskGrid, nearestBelow, placeOfPixel } from "./sampled-logits.ts";

/** Which masks {@link instanceMasks} makes, and of what size. */
export interface InstanceMasksOptions {
  /** Of each image of the batch, the queries whose masks are wanted, from 0. `[B][N]` */
  readonly queries: readonly ArrayLike<number>[];
  /** Size of each image as the model saw it, without padding. `[B]` */
  readonly sizes: readonly ImageSize[];
  /** Size of each image as it was given, which the masks have. `[B]` */
  readonly sourceSizes: readonly ImageSize[];
  /** Pixels with a higher probability are the object's. Default 0.5, as published. */
  readonly threshold?: number;
}

/**
 * The masks of chosen queries, image by image, at the images' own sizes, as the original makes them: logits are
 * interpolated to the size that the model saw, compared with the threshold there, and the nearest pixel is taken. Only
 * pixels that are taken are computed.
 *
 * @returns `[B][N]` masks in the order of `queries`
 */
export async function instanceMasks(
  masks: ReadableMasks,
  { queries, sizes, sourceSizes, threshold = 0.5 }: InstanceMasksOptions,
): Promise<RunLengthMask[][]> {
  const found: RunLengthMask[][] = [];
  for (const [image, chosen] of queries.entries()) {
    const [size, sourceSize] = [sizes[image] as ImageSize, sourceSizes[image] as ImageSize];
    // A query that was found with several classes has one mask.
    const different = [...new Set(Array.from(chosen))];
    const made =
      different.length === 0
        ? []
        : masksOfGrid(await readGrid(masks, { image, queries: different, size, sourceSize }), threshold);
    found.push(Array.from(chosen, (query) => made[different.indexOf(query)] as RunLengthMask));
  }
  return found;
}

/**
 * The masks of a grid of logits.
 *
 * @param threshold - probability above which a pixel belongs to the mask
 */
export function masksOfGrid(grid: MaskGrid, threshold = 0.5): RunLengthMask[] {
  if (!(threshold > 0 && threshold < 1))
    throw new ConfigError(`instanceMasks: threshold expected above 0 and below 1, got ${threshold}`);
  const { cells, cellsPerPixel, size, sourceSize } = grid;
  const rows = Array.from(nearestBelow(size.height, sourceSize.height), (row) =>
    placeOfPixel(row, cellsPerPixel.height, cells.height),
  );
  const columns = Array.from(nearestBelow(size.width, sourceSize.width), (column) =>
    placeOfPixel(column, cellsPerPixel.width, cells.width),
  );
  const least = Math.log(threshold / (1 - threshold));
  const area = cells.height * cells.width;
  return Array.from({ length: grid.logits.length / area }, (_, mask) => {
    const logits = grid.logits.subarray(mask * area, (mask + 1) * area);
    const counts = new RunCounter();
    const column = new Float64Array(cells.height);
    // Run lengths go down the columns: each column is interpolated across first, then down.
    for (const { low, high, share } of columns) {
      for (let row = 0, at = 0; row < cells.height; row++, at += cells.width)
        column[row] = (logits[at + low] as number) * (1 - share) + (logits[at + high] as number) * share;
      for (const place of rows) {
        const value = (column[place.low] as number) * (1 - place.share) + (column[place.high] as number) * place.share;
        counts.add(value > least);
      }
    }
    return { height: sourceSize.height, width: sourceSize.width, counts: counts.finish() };
  });
}
