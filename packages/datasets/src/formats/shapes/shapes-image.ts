import type { Random } from "@detrkit/common";
import type { RgbImage } from "@detrkit/image";
import { coloursOfSegmentIds } from "@detrkit/masks";
import { definePixelSource, type PixelSourceKind } from "../../pixel-source.ts";
import { layoutShapes, type PlacedShape, shapesRandom } from "./shapes-layout.ts";
import type { ShapesOptions } from "./shapes-options.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** Cells of the background's coarse texture along each side. */
const textureCells = 8;
/** Smallest sum of channel differences between a shape and what is around it. */
const contrast = 130;
const colourAttempts = 12;

/**
 * Whether pixel `x, y` of the shape's square belongs to the shape. Distances from the centre are in half pixels, and so
 * whole numbers: the same pixels on every machine.
 */
function covers({ label, side, inverted }: PlacedShape, x: number, y: number): boolean {
  const across = Math.abs(2 * x + 1 - side);
  const down = Math.abs(2 * y + 1 - side);
  if (label === 0) return across * across + down * down <= side * side;
  if (label === 1) return true;
  if (label === 2) return 2 * across <= 2 * (inverted ? side - 1 - y : y) + 2;
  if (label === 3) return across + down <= side;
  const arm = Math.ceil(side / 3);
  return across <= arm || down <= arm;
}

function randomColour(random: Random): Colour {
  return [random.integer(0, 255), random.integer(0, 255), random.integer(0, 255)];
}

const difference = (a: Colour, b: Colour): number =>
  Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]);

/** Smooth patches of colour: a coarse grid of random colours, interpolated between in whole numbers. */
function paintTexture(data: Uint8Array, { width, height }: ShapesOptions, random: Random): void {
  const points = textureCells + 1;
  const grid = Int32Array.from({ length: points * points * 3 }, () => random.integer(30, 225));
  for (let y = 0; y < height; y++) {
    const down = Math.floor((y * textureCells * 256) / height);
    const row = (down >> 8) * points;
    const below = down & 255;
    for (let x = 0; x < width; x++) {
      const across = Math.floor((x * textureCells * 256) / width);
      const beside = across & 255;
      for (let channel = 0; channel < 3; channel++) {
        const corner = (row + (across >> 8)) * 3 + channel;
        const upper = (grid[corner] as number) * (256 - beside) + (grid[corner + 3] as number) * beside;
        const lower =
          (grid[corner + points * 3] as number) * (256 - beside) + (grid[corner + points * 3 + 3] as number) * beside;
        data[(y * width + x) * 3 + channel] = (upper * (256 - below) + lower * below) >> 16;
      }
    }
  }
}

/** A colour that differs from the pixels at the shape's centre and corners: the best of a few draws. */
function contrastingColour(
  data: Uint8Array,
  { width }: ShapesOptions,
  { left, top, side }: PlacedShape,
  random: Random,
): Colour {
  const around = [
    [side >> 1, side >> 1],
    [0, 0],
    [side - 1, 0],
    [0, side - 1],
    [side - 1, side - 1],
  ].map(([x = 0, y = 0]): Colour => {
    const at = ((top + y) * width + left + x) * 3;
    return [data[at] as number, data[at + 1] as number, data[at + 2] as number];
  });
  let best: Colour = [0, 0, 0];
  let bestContrast = -1;
  for (let attempt = 0; attempt < colourAttempts && bestContrast < contrast; attempt++) {
    const colour = randomColour(random);
    const least = Math.min(...around.map((other) => difference(colour, other)));
    if (least > bestContrast) [best, bestContrast] = [colour, least];
  }
  return best;
}

function paintShape(data: Uint8Array, { width }: ShapesOptions, shape: PlacedShape, colour: Colour): void {
  for (let y = 0; y < shape.side; y++) {
    for (let x = 0; x < shape.side; x++) {
      if (covers(shape, x, y)) data.set(colour, ((shape.top + y) * width + shape.left + x) * 3);
    }
  }
}

function addNoise(data: Uint8Array, noise: number, random: Random): void {
  for (let pixel = 0; pixel < data.length; pixel += 3) {
    const word = random.uint32();
    for (let channel = 0; channel < 3; channel++) {
      const shift = ((((word >>> (8 * channel)) & 255) * (2 * noise + 1)) >> 8) - noise;
      data[pixel + channel] = Math.min(255, Math.max(0, (data[pixel + channel] as number) + shift));
    }
  }
}

/** Paints image `index` of a generated set. */
export function renderShapes(options: ShapesOptions, index: number): RgbImage {
  const { width, height } = options;
  const random = shapesRandom(options, index, "pixels");
  const data = new Uint8Array(width * height * 3);
  paintTexture(data, options, random);
  for (const shape of layoutShapes(options, index))
    paintShape(data, options, shape, contrastingColour(data, options, shape, random));
  addNoise(data, options.noise, random);
  return { width, height, data };
}

/** Image `index` of a generated set as the source of its pixels; worker threads paint it. */
export const shapesImage: PixelSourceKind<{ readonly options: ShapesOptions; readonly index: number }> =
  definePixelSource({
    name: "shapes",
    module: import.meta.url,
    load: ({ options, index }) => renderShapes(options, index),
  });

/** Of which shape each pixel shows a part: its position from 1, as COCO's panoptic pictures code it; 0 of none. */
export function renderSegments(options: ShapesOptions, index: number): RgbImage {
  const { width, height } = options;
  const shapes = layoutShapes(options, index);
  const data = new Uint8Array(width * height * 3);
  const [red = 0, green = 0, blue = 0] = coloursOfSegmentIds([backgroundId(options, shapes)]);
  for (let at = 0; at < data.length; at += 3) data.set([red, green, blue], at);
  shapes.forEach((shape, position) => {
    const [r = 0, g = 0, b = 0] = coloursOfSegmentIds([position + 1]);
    paintShape(data, options, shape, [r, g, b]);
  });
  return { width, height, data };
}

/** The id of pixels that show no shape: that after the last shape where the background is an object, else 0. */
export const backgroundId = ({ stuff }: Pick<ShapesOptions, "stuff">, shapes: readonly PlacedShape[]): number =>
  stuff === 0 ? 0 : shapes.length + 1;

/** The masks of a generated image: the visible parts of its shapes, and of the background where it is an object. */
export const shapesSegments: PixelSourceKind<{ readonly options: ShapesOptions; readonly index: number }> =
  definePixelSource({
    name: "shapes-segments",
    module: import.meta.url,
    load: ({ options, index }) => renderSegments(options, index),
  });
