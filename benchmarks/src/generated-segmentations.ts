import { Random } from "@detrkit/common";
import type { PanopticCategory, PanopticSegment } from "@detrkit/evaluation";

/** Panoptic ground truth and predictions, image after image. */
export interface GeneratedSegmentations {
  readonly categories: readonly PanopticCategory[];
  readonly height: number;
  readonly width: number;
  readonly images: readonly {
    readonly truth: readonly PanopticSegment[];
    readonly prediction: readonly PanopticSegment[];
  }[];
  /** Segment ids `[images, 2, height, width]`, the truth's before the prediction's. */
  readonly maps: Int32Array;
}

const classes = 133;
const segmentsEach = 20;

interface Ellipse {
  readonly id: number;
  readonly categoryId: number;
  readonly x: number;
  readonly y: number;
  readonly radii: readonly [number, number];
}

/** Images of 640×480, about 20 segments each; of the predicted ones some are moved, gone, new or of another class. */
export function generatedSegmentations({ images }: { readonly images: number }): GeneratedSegmentations {
  const [height, width] = [480, 640];
  const random = new Random(11);
  const maps = new Int32Array(images * 2 * height * width);
  const listed = Array.from({ length: images }, (_, image) => {
    const truth = Array.from({ length: segmentsEach }, () => randomEllipse(random, height, width));
    const prediction = truth.flatMap((segment) => predicted(segment, random, height, width));
    const [ofTruth, ofPrediction] = [truth, prediction].map((segments, side) => {
      const from = (2 * image + side) * height * width;
      return paint(segments, maps.subarray(from, from + height * width), width);
    }) as [PanopticSegment[], PanopticSegment[]];
    const withCrowds = ofTruth.map((segment) => ({ ...segment, isCrowd: random.uniform() < 0.03 }));
    return { truth: withCrowds, prediction: ofPrediction };
  });
  const categories = Array.from({ length: classes }, (_, index) => ({ id: index + 1, isThing: index < 80 }));
  return { categories, height, width, images: listed, maps };
}

function randomEllipse(random: Random, height: number, width: number): Ellipse {
  return {
    id: random.integer(1, 256 ** 3 - 1),
    categoryId: random.integer(1, classes),
    x: random.uniform(0, width),
    y: random.uniform(0, height),
    radii: [random.uniform(10, 160), random.uniform(10, 120)],
  };
}

function predicted(segment: Ellipse, random: Random, height: number, width: number): Ellipse[] {
  const { x, y, radii } = segment;
  const id = random.integer(1, 256 ** 3 - 1);
  const moved = { ...segment, id, x: x + 0.1 * radii[0] * random.normal(), y: y + 0.1 * radii[1] * random.normal() };
  const fate = random.uniform();
  if (fate < 0.1) return [];
  if (fate < 0.2) return [moved, randomEllipse(random, height, width)];
  return [fate < 0.3 ? { ...moved, categoryId: random.integer(1, classes) } : moved];
}

/** Paints segments over one another; returns those of which something is seen. */
function paint(segments: readonly Ellipse[], into: Int32Array, width: number): PanopticSegment[] {
  for (const { id, x, y, radii } of segments) {
    for (let pixel = 0; pixel < into.length; pixel++) {
      const [across, down] = [((pixel % width) - x) / radii[0], (Math.floor(pixel / width) - y) / radii[1]];
      if (across * across + down * down < 1) into[pixel] = id;
    }
  }
  const seen = new Set(into);
  return segments.filter(({ id }) => seen.has(id)).map(({ id, categoryId }) => ({ id, categoryId }));
}
