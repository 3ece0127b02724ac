import { existsSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { writeFileAtomic } from "@detrkit/common/files";

/** How large the sampling op's inputs are. Every cell of every level is a query. */
export interface DeformableSize {
  readonly levelShapes: readonly { readonly height: number; readonly width: number }[];
  readonly heads: number;
  readonly points: number;
  readonly dim: number;
}

/** The sampling op's inputs and a gradient of its output, as both sides read them. */
export interface DeformableInputs {
  /** Float32, one tensor after the other. */
  readonly file: string;
  /** Value `[1, S, M, D/M]`, locations `[1, S, M, L, P, 2]`, weights `[1, S, M, L, P]`, cotangent `[1, S, D]`. */
  readonly shapes: readonly (readonly number[])[];
}

/** Spread of the sampled cells around where an untrained layer looks. */
const spread = 1.5;
/**
 * Samples keep this far from cell centres: there a location's gradient jumps, and the last bit would decide to which
 * side.
 */
const margin = 0.02;

/**
 * Writes the inputs of one encoder layer, unless they are there: locations around each cell as a layer predicts them,
 * most near, some far, some outside.
 */
export async function deformableInputs(cache: string, size: DeformableSize): Promise<DeformableInputs> {
  const { levelShapes, heads, points, dim } = size;
  const [levels, tokens] = [
    levelShapes.length,
    levelShapes.reduce((sum, { height, width }) => sum + height * width, 0),
  ];
  const file = join(cache, "benchmarks", `deformable-${tokens}x${dim}-${heads}x${levels}x${points}-v1.f32`);
  const shapes = [
    [1, tokens, heads, dim / heads],
    [1, tokens, heads, levels, points, 2],
    [1, tokens, heads, levels, points],
    [1, tokens, dim],
  ];
  if (!existsSync(file)) {
    const random = new Random(13);
    const tensors = [
      normals(tokens * dim, random),
      locations(size, tokens, random),
      weights(tokens * heads, levels * points, random),
      normals(tokens * dim, random),
    ];
    await writeFileAtomic(
      file,
      tensors.map(({ buffer }) => new Uint8Array(buffer)),
    );
  }
  return { file, shapes };
}

function normals(count: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Each head looks its own way, each point a step further, and in every level at about as many cells' distance. */
function locations(
  { levelShapes, heads, points }: DeformableSize,
  tokens: number,
  random: Random,
): Float32Array<ArrayBuffer> {
  const all = new Float32Array(tokens * heads * levelShapes.length * points * 2);
  let at = 0;
  for (const { height, width } of levelShapes) {
    for (let cell = 0; cell < height * width; cell++) {
      const [x, y] = [((cell % width) + 0.5) / width, (Math.floor(cell / width) + 0.5) / height];
      for (let head = 0; head < heads; head++) {
        const angle = (2 * Math.PI * head) / heads;
        for (const level of levelShapes) {
          for (let point = 1; point <= points; point++) {
            all[at++] = location(x, level.width, point * Math.cos(angle) + spread * random.normal());
            all[at++] = location(y, level.height, point * Math.sin(angle) + spread * random.normal());
          }
        }
      }
    }
  }
  return all;
}

/** `offset` cells from `reference` on an axis of `cells`, both ends of which are 0 and 1. */
function location(reference: number, cells: number, offset: number): number {
  const position = reference * cells - 0.5 + offset;
  const cell = Math.floor(position);
  return (cell + Math.min(Math.max(position - cell, margin), 1 - margin) + 0.5) / cells;
}

/** Rows of a softmax. */
function weights(rows: number, columns: number, random: Random): Float32Array<ArrayBuffer> {
  const all = new Float32Array(rows * columns);
  for (let start = 0; start < all.length; start += columns) {
    const row = Float64Array.from({ length: columns }, () => Math.exp(random.normal()));
    const sum = row.reduce((total, value) => total + value, 0);
    all.set(
      row.map((value) => value / sum),
      start,
    );
  }
  return all;
}
