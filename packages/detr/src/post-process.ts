import { cxcywhToXyxy } from "@detrkit/boxes/numbers";
import { ConfigError } from "@detrkit/common";
import { expectShape, type ImageSize } from "@detrkit/nn";
import { concat, dispose } from "@tensorflow/tfjs-core";
import type { DetrLayerOutput } from "./detr-output.ts";
import type { ImageDetections } from "./image-detections.ts";
import { bestClassOfEachQuery, highestScores, type PredictionRows, type Selection } from "./select-detections.ts";

/**
 * Detections of a softmax detector (DETR): for every query the most probable class that is not "no object", with its
 * probability. `B` images, `Q` queries, `C` classes.
 *
 * @param output - logits `[B, Q, C + 1]` and boxes `[B, Q, 4]`
 * @param sourceSizes - size of each image in the pixels that the boxes shall have, `B` of them
 * @returns for each image `Q` detections in the queries' order
 */
export function postProcess(output: DetrLayerOutput, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
  return readDetections(output, sourceSizes, bestClassOfEachQuery);
}

/**
 * Detections of a sigmoid detector (Deformable DETR): the `count` highest scores over all queries and classes, so that
 * a query may appear with several classes. `B` images, `Q` queries, `C` classes.
 *
 * @param output - logits `[B, Q, C]` and boxes `[B, Q, 4]`
 * @param sourceSizes - size of each image in the pixels that the boxes shall have, `B` of them
 * @param count - detections of each image; the published models take 100
 * @returns for each image `count` detections, the highest score first
 * @throws ConfigError when there are fewer than `count` scores
 */
export async function postProcessTopK(
  output: DetrLayerOutput,
  sourceSizes: readonly ImageSize[],
  count: number,
): Promise<ImageDetections[]> {
  const { Q, C } = expectShape(output.logits.shape, "postProcessTopK: logits", ["B", "Q", "C"]);
  if (count > Q * C)
    throw new ConfigError(
      `postProcessTopK: count expected at most ${Q * C} (${Q} queries × ${C} classes), got ${count}`,
    );
  return readDetections(output, sourceSizes, (rows) => highestScores(rows, count));
}

async function readDetections(
  { logits, boxes }: DetrLayerOutput,
  sourceSizes: readonly ImageSize[],
  select: (rows: PredictionRows) => Selection,
): Promise<ImageDetections[]> {
  const { B, Q, C } = expectShape(logits.shape, "postProcess: logits", ["B", "Q", "C"]);
  expectShape(boxes.shape, "postProcess: boxes", [B, Q, 4]);
  expectShape([sourceSizes.length], "postProcess: sourceSizes", [B]);
  const together = concat([logits, boxes], -1); // [B, Q, C + 4], so that the tensors are waited for once
  const values = await together.data<"float32">().finally(() => dispose(together));
  const rowLength = C + 4;
  return sourceSizes.map((size, image) => {
    const rows = {
      values: values.subarray(image * Q * rowLength, (image + 1) * Q * rowLength),
      numQueries: Q,
      numLogits: C,
      rowLength,
    };
    const { scores, labels, queries } = select(rows);
    return { scores, labels, boxes: sourceBoxes(rows, queries, size) };
  });
}

/** The last four values of the chosen rows, cxcywh normalised, as xyxy in source pixels: `[N · 4]`. */
function sourceBoxes(
  { values, numLogits, rowLength }: PredictionRows,
  queries: Int32Array,
  { height, width }: ImageSize,
): Float32Array {
  const centred = new Float32Array(queries.length * 4);
  queries.forEach((query, index) => {
    const start = query * rowLength + numLogits;
    centred.set(values.subarray(start, start + 4), index * 4);
  });
  return cxcywhToXyxy(centred).map((value, index) => value * (index % 2 === 0 ? width : height));
}
