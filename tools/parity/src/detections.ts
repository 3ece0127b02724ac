import type { ImageDetections } from "@detrkit/detr";
import type { ImageSize } from "@detrkit/nn";
import { compareExactly, compareTensor, tensorOf } from "./compare.ts";
import type { Comparison, Fixture } from "./topic.ts";

/** `in.target_sizes [B, 2]`, height first. */
export function sourceSizes(fixture: Fixture): readonly ImageSize[] {
  const { data, shape } = tensorOf(fixture, "in.target_sizes");
  return Array.from({ length: shape[0] as number }, (_, image) => ({ height: data[2 * image] as number, width: data[2 * image + 1] as number }));
}

/** @param nameOf - tensor of the case with the image's `scores`, `labels` or `boxes` */
export function compareDetections(fixture: Fixture, image: ImageDetections, nameOf: (what: string) => string): readonly Comparison[] {
  return [
    compareTensor(fixture, "out", nameOf("scores"), image.scores),
    compareExactly(nameOf("labels"), image.labels, tensorOf(fixture, nameOf("labels")).data),
    compareTensor(fixture, "out", nameOf("boxes"), image.boxes),
  ];
}
