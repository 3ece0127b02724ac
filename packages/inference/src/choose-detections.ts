import type { ImageDetections } from "@detrkit/detr";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { instanceMasks, type ReadableMasks } from "@detrkit/segmentation";

/** Which detections of a batch are kept. What is left out keeps all. */
export interface DetectionChoice {
  /** Detections with a lower score are left out. */
  readonly threshold?: number;
  /** The largest number of detections of one image; those with the highest scores are kept. */
  readonly limit?: number;
  /** Labels to keep, from 0. */
  readonly labels?: ReadonlySet<number>;
}

/** The chosen detections of one image, highest score first; all of them in their own order where nothing is chosen. */
export function chooseDetections(
  found: ImageDetections,
  { threshold, limit, labels }: DetectionChoice,
): ImageDetections {
  if (threshold === undefined && limit === undefined && labels === undefined) return found;
  const { scores, labels: all, boxes, queries } = found;
  const chosen = Array.from(scores, (score, index) => ({ score, index }))
    .filter(({ score, index }) => score >= (threshold ?? 0) && (labels?.has(all[index] as number) ?? true))
    .toSorted((first, second) => second.score - first.score)
    .slice(0, limit)
    .map(({ index }) => index);
  return {
    scores: Float32Array.from(chosen, (index) => scores[index] as number),
    labels: Int32Array.from(chosen, (index) => all[index] as number),
    boxes: Float32Array.from(chosen.flatMap((index) => [...boxes.subarray(4 * index, 4 * index + 4)])),
    ...(queries && { queries: Int32Array.from(chosen, (index) => queries[index] as number) }),
  };
}

/** The masks of an output, of a detector that has them. */
export function masksIn(output: object): ReadableMasks | undefined {
  return (output as { readonly masks?: ReadableMasks }).masks;
}

/** Detections with their masks, where the output has masks and the detections tell their queries. */
export async function withMasks(
  found: readonly ImageDetections[],
  output: object,
  { sizes }: PaddedBatch,
  sourceSizes: readonly ImageSize[],
): Promise<ImageDetections[]> {
  const predicted = masksIn(output);
  if (predicted === undefined) return [...found];
  const queries = found.map(({ queries: ofImage }) => ofImage ?? []);
  const masks = await instanceMasks(predicted, { queries, sizes, sourceSizes });
  return found.map((detections, image) =>
    detections.queries === undefined ? detections : { ...detections, masks: masks[image] ?? [] },
  );
}
