import type { ImageOperation } from "@detrkit/image";
import { type Dataset, imageName, type ImageRecord } from "../dataset.ts";
import type { MaskedSource, OtherSource } from "./image-task.ts";

/** A record as a worker gets it; with what its masks are made of where they are wanted. */
export function sourceOf(record: ImageRecord, masks: boolean): MaskedSource {
  const { source, width, height, boxes, labels, crowd, areas, annotationIds, segmentations, segments } = record;
  const image = { source, name: imageName(record), annotated: { width, height } };
  if (!masks) return image;
  const objects = { width, height, boxes, labels, crowd, areas, annotationIds };
  return { ...image, objects: { ...objects, ...(segmentations && { segmentations }), ...(segments && { segments }) } };
}

/** The images that operations take beside their own. */
export function otherSources(
  operations: readonly ImageOperation[],
  { records }: Dataset,
  masks: boolean,
): readonly OtherSource[] {
  const positions = new Set(operations.flatMap(({ others = [] }) => others.map(({ position }) => position)));
  return [...positions].map((position) => ({ position, ...sourceOf(records[position] as ImageRecord, masks) }));
}
