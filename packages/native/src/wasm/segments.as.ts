// Sums of rows by segment: the gradient of gathering them.
import { addTo, at, fill } from "../shared/vector.as";

/**
 * Adds each of `rows` rows of `columns` floats to the row of its segment; rows with ids outside of `[0, segments)` are
 * skipped.
 */
export function segmentSum(values: usize, ids: usize, sums: usize, rows: i32, columns: i32, segments: i32): void {
  fill(sums, segments * columns, 0);
  for (let row = 0; row < rows; row++) {
    const segment = load<i32>(at(ids, row));
    if (<u32>segment < <u32>segments) addTo(at(sums, segment * columns), at(values, row * columns), columns);
  }
}
