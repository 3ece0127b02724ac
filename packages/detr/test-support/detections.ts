import type { ImageDetections } from "@detrkit/detr";
import type { ImageSize } from "@detrkit/nn";
import {
  compareExactly,
  compareTensor,
  type Comparison,
  type Fixture,
  tensorOf,
  toleranceOf,
} from "@detrkit/test-utils/recorded";

/** `in.target_sizes [B, 2]`, height first; of a case with masks `in.orig_target_sizes`. */
export function sourceSizes(fixture: Fixture): readonly ImageSize[] {
  const name = ["in.target_sizes", "in.orig_target_sizes"].find((each) => fixture.tensors.has(each));
  const { data, shape } = tensorOf(fixture, name ?? "in.target_sizes");
  return Array.from({ length: shape[0] as number }, (_, image) => ({
    height: data[2 * image] as number,
    width: data[2 * image + 1] as number,
  }));
}

export interface CompareDetectionsOptions {
  /**
   * Whether detections are ordered by score, so that those whose scores differ by rounding only may stand in another
   * order.
   */
  readonly ranked: boolean;
}

/** @param nameOf - tensor of the case with the image's `scores`, `labels` or `boxes` */
export function compareDetections(
  fixture: Fixture,
  image: ImageDetections,
  nameOf: (what: string) => string,
  { ranked }: CompareDetectionsOptions,
): readonly Comparison[] {
  const scores = tensorOf(fixture, nameOf("scores")).data;
  const isCertain = ranked ? hasOwnRank(fixture, scores) : () => true;
  return [
    compareTensor(fixture, "out", nameOf("scores"), image.scores),
    compareExactly(nameOf("labels"), image.labels, tensorOf(fixture, nameOf("labels")).data, { where: isCertain }),
    compareTensor(fixture, "out", nameOf("boxes"), image.boxes, { where: (index) => isCertain(Math.floor(index / 4)) }),
  ];
}

/**
 * Which of scores in falling order differ from both neighbours by more than two computations may. What would follow the
 * last is not recorded.
 */
function hasOwnRank(fixture: Fixture, scores: ArrayLike<number>): (index: number) => boolean {
  const { rtol, atol } = toleranceOf(fixture, "out");
  const gap = 2 * (rtol * Math.abs(scores[0] ?? 0) + atol);
  const differs = (index: number, other: number): boolean =>
    Math.abs((scores[index] as number) - (scores[other] as number)) > gap;
  return (index) =>
    (index === 0 || differs(index, index - 1)) && index < scores.length - 1 && differs(index, index + 1);
}
