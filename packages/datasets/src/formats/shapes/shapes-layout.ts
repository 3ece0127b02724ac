import { Random } from "@detrkit/common";
import type { ShapesOptions } from "./shapes-options.ts";

/** One shape: a square of `side` pixels at `left`, `top` that it touches on all four sides. */
export interface PlacedShape {
  readonly label: number;
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Triangles point down when set. */
  readonly inverted: boolean;
}

/** A later shape may hide at most this part of the square of an earlier one. */
const hiddenLimit = 0.4;
const attempts = 20;
const fractionBits = 16;

/** The stream of random numbers of one image; `part` keeps the drawing from shifting the layout. */
export function shapesRandom(options: ShapesOptions, index: number, part: "layout" | "pixels"): Random {
  return new Random(options.seed).fork("shapes", options.split, index, part);
}

/**
 * `low · (high / low)^u` for `u` uniform in 16 bits, from square roots and products only: IEEE 754 rounds those the
 * same everywhere, which it does not promise of a power or logarithm.
 */
function logUniform(random: Random, low: number, high: number): number {
  let bits = random.uint32() >>> (32 - fractionBits);
  let root = high / low;
  let value = low;
  for (let place = 0; place < fractionBits; place++) {
    root = Math.sqrt(root);
    bits <<= 1;
    if ((bits & (1 << fractionBits)) !== 0) value *= root;
  }
  return value;
}

function hides(later: PlacedShape, earlier: PlacedShape): boolean {
  const width = Math.min(later.left + later.side, earlier.left + earlier.side) - Math.max(later.left, earlier.left);
  const height = Math.min(later.top + later.side, earlier.top + earlier.side) - Math.max(later.top, earlier.top);
  return width > 0 && height > 0 && width * height > hiddenLimit * earlier.side * earlier.side;
}

/** The shapes of image `index`, in the order in which they are painted. */
export function layoutShapes(options: ShapesOptions, index: number): PlacedShape[] {
  const random = shapesRandom(options, index, "layout");
  const shapes: PlacedShape[] = [];
  const wanted = random.integer(1, options.objects);
  for (let shape = 0; shape < wanted; shape++) {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const side = Math.min(Math.floor(logUniform(random, options.smallest, options.largest + 1)), options.largest);
      const placed: PlacedShape = {
        label: random.integer(0, options.classes - 1),
        side,
        left: random.integer(0, options.width - side),
        top: random.integer(0, options.height - side),
        inverted: random.integer(0, 1) === 1,
      };
      if (shapes.some((earlier) => hides(placed, earlier))) continue;
      shapes.push(placed);
      break;
    }
  }
  return shapes;
}
