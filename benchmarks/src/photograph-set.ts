import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import sharp from "sharp";

/** A made data set of JPEGs in COCO's layout. */
export interface PhotographSet {
  readonly annotations: string;
  readonly folder: string;
}

const width = 640;
const height = 480;
const objects = 7;
const quality = 90;

/**
 * Writes `count` JPEGs of textured shapes, of the size and about as hard to decode as a photograph, unless they are
 * there.
 */
export async function photographSet(cache: string, count: number): Promise<PhotographSet> {
  const folder = join(cache, "benchmarks", `photographs-${count}-v1`);
  const annotations = join(folder, "annotations.json");
  if (existsSync(annotations)) return { annotations, folder };
  await mkdir(folder, { recursive: true });
  const boxes: (readonly number[])[][] = [];
  for (let image = 0; image < count; image++) {
    const random = new Random(100 + image);
    const shapes = Array.from({ length: objects }, () => randomBox(random));
    await sharp(paint(shapes, random), { raw: { width, height, channels: 3 } })
      .jpeg({ quality })
      .toFile(join(folder, fileName(image)));
    boxes.push(shapes);
  }
  // Written last: what is complete is known by it.
  await writeFile(annotations, JSON.stringify(cocoOf(boxes)));
  return { annotations, folder };
}

function fileName(image: number): string {
  return `${String(image + 1).padStart(4, "0")}.jpg`;
}

/** Left, top, width, height in whole pixels. */
function randomBox(random: Random): readonly number[] {
  const [w, h] = [random.integer(20, 300), random.integer(20, 220)];
  return [random.integer(0, width - w), random.integer(0, height - h), w, h];
}

/** Ellipses over a background, both of waves of several lengths and some grain. */
function paint(shapes: readonly (readonly number[])[], random: Random): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  const waves = Array.from({ length: 6 }, (_, index) => ({
    across: random.uniform(-1, 1) / 2 ** index,
    down: random.uniform(-1, 1) / 2 ** index,
    phase: random.uniform(0, 6),
  }));
  const colours = Array.from({ length: (shapes.length + 1) * 3 }, () => random.uniform(50, 200));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const shape = shapes.findLastIndex((box) => isInside(box, x, y)) + 1;
      const texture = waves.reduce(
        (sum, { across, down, phase }) => sum + 8 * Math.sin(across * x + down * y + phase + shape),
        0,
      );
      const grain = random.uniform(-12, 12);
      for (let channel = 0; channel < 3; channel++) {
        const value = (colours[3 * shape + channel] ?? 0) + texture + grain;
        pixels[(y * width + x) * 3 + channel] = Math.max(0, Math.min(255, value));
      }
    }
  }
  return pixels;
}

function isInside([left = 0, top = 0, w = 1, h = 1]: readonly number[], x: number, y: number): boolean {
  return ((x + 0.5 - left - w / 2) / (w / 2)) ** 2 + ((y + 0.5 - top - h / 2) / (h / 2)) ** 2 <= 1;
}

function cocoOf(boxes: readonly (readonly (readonly number[])[])[]): unknown {
  return {
    images: boxes.map((_, image) => ({ id: image + 1, file_name: fileName(image), width, height })),
    categories: [1, 2, 3].map((id) => ({ id, name: `kind ${id}` })),
    annotations: boxes.flat().map((bbox, index) => ({
      id: index + 1,
      image_id: Math.floor(index / objects) + 1,
      category_id: (index % 3) + 1,
      bbox,
      area: (bbox[2] ?? 0) * (bbox[3] ?? 0),
      iscrowd: 0,
    })),
  };
}
