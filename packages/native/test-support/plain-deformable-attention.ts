import type { ImageSize } from "@detrkit/nn";

/** `B` images, `Q` queries, `M` heads of `C` channels, `P` points in each of the `L` levels. */
export interface DeformableSizes {
  readonly B: number;
  readonly Q: number;
  readonly M: number;
  readonly C: number;
  readonly P: number;
  readonly levels: readonly ImageSize[];
}

/**
 * The sampled operands: value `[B, S, M, C]`, locations `[B, Q, M, L, P, 2]`, weights `[B, Q, M, L, P]`; or their
 * gradients.
 */
export interface Samples {
  readonly value: Float64Array;
  readonly locations: Float64Array;
  readonly weights: Float64Array;
}

/**
 * What a layer predicts: offsets `[B, Q, M, L, P, 2]`, logits `[B, Q, M, L, P]`, references `[B, Q, L, 2 or 4]`; or
 * their gradients.
 */
export interface Predictions {
  readonly offsets: Float64Array;
  readonly logits: Float64Array;
  readonly references: Float64Array;
}

/** Number of cells of all levels, `S`. */
export function cellsOf(levels: readonly ImageSize[]): number {
  return levels.reduce((total, { height, width }) => total + height * width, 0);
}

/**
 * Deformable attention and its gradients from the definition, one number after the other in double precision: for
 * tests.
 *
 * @param upstream - gradient by the result, `[B, Q, M, C]`
 */
export function plainSampling(
  sizes: DeformableSizes,
  { value, locations, weights }: Samples,
  upstream: Float64Array,
): { readonly result: Float64Array; readonly gradient: Samples } {
  const { B, Q, M, C, P, levels } = sizes;
  const result = new Float64Array(B * Q * M * C);
  const gradient = {
    value: new Float64Array(value.length),
    locations: new Float64Array(locations.length),
    weights: new Float64Array(weights.length),
  };
  let sample = 0;
  for (let rowOfHead = 0; rowOfHead < B * Q * M; rowOfHead++) {
    let first = Math.floor(rowOfHead / (Q * M)) * cellsOf(levels);
    for (const { height, width } of levels) {
      for (let point = 0; point < P; point++, sample++) {
        const weight = at(weights, sample);
        for (const cell of cellsAround(
          at(locations, 2 * sample) * width - 0.5,
          at(locations, 2 * sample + 1) * height - 0.5,
          { height, width },
        )) {
          let along = 0;
          for (let channel = 0; channel < C; channel++) {
            const from = ((first + cell.index) * M + (rowOfHead % M)) * C + channel;
            const into = rowOfHead * C + channel;
            increase(result, into, weight * cell.share * at(value, from));
            increase(gradient.value, from, weight * cell.share * at(upstream, into));
            along += at(value, from) * at(upstream, into);
          }
          increase(gradient.weights, sample, cell.share * along);
          increase(gradient.locations, 2 * sample, weight * cell.shareByX * width * along);
          increase(gradient.locations, 2 * sample + 1, weight * cell.shareByY * height * along);
        }
      }
      first += height * width;
    }
  }
  return { result, gradient };
}

interface Cell {
  readonly index: number;
  readonly share: number;
  readonly shareByX: number;
  readonly shareByY: number;
}

/**
 * The cells around a position that lie in the map, and the derivatives of their weights with respect to the position.
 */
function cellsAround(x: number, y: number, { height, width }: ImageSize): Cell[] {
  const corners = [0, 1].flatMap((down) =>
    [0, 1].map((right) => ({ column: Math.floor(x) + right, row: Math.floor(y) + down })),
  );
  const inside = corners.filter(({ column, row }) => column >= 0 && column < width && row >= 0 && row < height);
  return inside.map(({ column, row }) => {
    const [nearX, nearY] = [1 - Math.abs(x - column), 1 - Math.abs(y - row)];
    return {
      index: row * width + column,
      share: nearX * nearY,
      shareByX: column > x ? nearY : -nearY,
      shareByY: row > y ? nearX : -nearX,
    };
  });
}

/** Locations and weights from a layer's predictions. */
export function plainPoints(sizes: DeformableSizes, predictions: Predictions): Omit<Samples, "value"> {
  const { offsets, logits, references } = predictions;
  return {
    locations: offsets.map((offset, index) => {
      const { reference, unit } = placeOf(sizes, predictions, index);
      return at(references, reference) + offset * unit;
    }),
    weights: eachHead(sizes, logits, (ofHead) => {
      const total = ofHead.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return ofHead.map((logit) => Math.exp(logit) / total);
    }),
  };
}

/** The gradients of a layer's predictions, from those of locations and weights. */
export function plainPointsGradient(
  sizes: DeformableSizes,
  predictions: Predictions,
  { locations, weights }: Omit<Samples, "value">,
): Predictions {
  const { offsets, references } = predictions;
  const gradient = new Float64Array(references.length);
  locations.forEach((byLocation, index) => {
    const { reference, unitBySize } = placeOf(sizes, predictions, index);
    increase(gradient, reference, byLocation);
    if (unitBySize > 0) increase(gradient, reference + 2, byLocation * at(offsets, index) * unitBySize);
  });
  const forward = plainPoints(sizes, predictions).weights;
  return {
    offsets: locations.map((byLocation, index) => byLocation * placeOf(sizes, predictions, index).unit),
    logits: eachHead(sizes, weights, (byWeight, first) => {
      const mean = byWeight.reduce((sum, entry, index) => sum + entry * at(forward, first + index), 0);
      return byWeight.map((entry, index) => at(forward, first + index) * (entry - mean));
    }),
    references: gradient,
  };
}

/**
 * For one offset: its reference, the length of an offset of 1, and the derivative of this length with respect to a
 * box's size.
 */
function placeOf(
  { M, P, levels, ...sizes }: DeformableSizes,
  { references }: Predictions,
  index: number,
): { readonly reference: number; readonly unit: number; readonly unitBySize: number } {
  const L = levels.length;
  const perReference = references.length / (sizes.B * sizes.Q * L);
  const level = Math.floor(index / (2 * P)) % L;
  const reference = (Math.floor(index / (2 * P * L * M)) * L + level) * perReference + (index % 2);
  const { width, height } = levels[level] as ImageSize;
  if (perReference === 2) return { reference, unit: 1 / (index % 2 === 0 ? width : height), unitBySize: 0 };
  return { reference, unit: (at(references, reference + 2) * 0.5) / P, unitBySize: 0.5 / P };
}

function eachHead(
  { P, levels }: DeformableSizes,
  values: Float64Array,
  work: (ofHead: Float64Array, first: number) => Float64Array,
): Float64Array {
  const size = levels.length * P;
  const result = new Float64Array(values.length);
  for (let first = 0; first < values.length; first += size)
    result.set(work(values.subarray(first, first + size), first), first);
  return result;
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function increase(values: Float64Array, index: number, by: number): void {
  values[index] = at(values, index) + by;
}
