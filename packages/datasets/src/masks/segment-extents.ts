/** How far the pixels of one segment reach. */
export interface SegmentExtent {
  /** Number of pixels. */
  readonly area: number;
  /** Its first and last column and row, the last one included. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * How far each segment of a picture reaches, by its id.
 *
 * @param ids - `[H·W]`
 */
export function segmentExtents(ids: Int32Array, width: number): Map<number, SegmentExtent> {
  const extents = new Map<number, { -readonly [Key in keyof SegmentExtent]: number }>();
  let extent: { -readonly [Key in keyof SegmentExtent]: number } | undefined;
  let last: number | undefined;
  for (let at = 0, y = 0; at < ids.length; y++) {
    for (let x = 0; x < width; x++, at++) {
      const id = ids[at] as number;
      // Neighbours are mostly of one segment.
      if (id !== last) {
        extent = extents.get(id);
        last = id;
      }
      if (extent === undefined) {
        extent = { area: 0, left: x, top: y, right: x, bottom: y };
        extents.set(id, extent);
      }
      extent.area++;
      extent.left = Math.min(extent.left, x);
      extent.right = Math.max(extent.right, x);
      extent.bottom = y;
    }
  }
  return extents;
}
