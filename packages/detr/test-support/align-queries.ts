import { type FixtureTensor } from "@detrkit/test-utils/recorded";

/** The axis of the queries in what cases record of each query; the axis before it is that of the images. */
const queryAxes: Readonly<Record<string, number>> = {
  pred_logits: 1,
  pred_boxes: 1,
  hs_last: 1,
  topk_proposals: 1,
  aux_logits: 2,
  aux_boxes: 2,
  hs: 2,
  inter_references: 2,
  init_reference: 1,
};

/**
 * Puts the queries of a two-stage model into the order of the case's. The order of two proposals with almost equal
 * scores depends on rounding, and a decoder gives the same results in any order.
 *
 * @param ours - proposals by query `[B, Q]`
 * @param theirs - the same of the case
 */
export function alignQueries(
  tensors: Readonly<Record<string, FixtureTensor>>,
  ours: FixtureTensor,
  theirs: FixtureTensor,
): Readonly<Record<string, FixtureTensor>> {
  const [images = 0, queries = 0] = ours.shape;
  const sources = Array.from({ length: images * queries }, (_, index) => {
    const start = Math.floor(index / queries) * queries;
    const found = ours.data.subarray(start, start + queries).indexOf(theirs.data[index] as number);
    // Proposals that were not chosen here have no place; the comparison of the proposals then fails.
    return found === -1 ? index - start : found;
  });
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const axis = queryAxes[name];
      return [name, axis === undefined ? tensor : reordered(tensor, axis, sources, queries)];
    }),
  );
}

function reordered(
  { shape, data }: FixtureTensor,
  axis: number,
  sources: readonly number[],
  queries: number,
): FixtureTensor {
  const width = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const moved = data.slice();
  for (let row = 0; row < data.length / width; row++) {
    const source = Math.floor(row / queries) * queries + (sources[row % sources.length] as number);
    moved.set(data.subarray(source * width, (source + 1) * width), row * width);
  }
  return { shape, data: moved };
}
