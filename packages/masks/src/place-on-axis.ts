/** Between which cells along one axis a place lies: `low + share`, cells being points. */
export interface PlaceOnAxis {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/**
 * Where bilinear interpolation finds a place among cells: their centres lie at half (PyTorch's `align_corners=False`),
 * and those at the border are repeated.
 *
 * @param place - in cells, from 0 at the first edge to `cells` at the last; beyond these the border counts
 * @param cells - number of cells along the axis, at least 1
 */
export function placeOnAxis(place: number, cells: number): PlaceOnAxis {
  const position = Math.min(Math.max(place - 0.5, 0), cells - 1);
  const low = Math.floor(position);
  return { low, high: Math.min(low + 1, cells - 1), share: position - low };
}
