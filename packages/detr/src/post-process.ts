import { cxcywhToXyxy } from "@detrkit/boxes/numbers";
import { ConfigError } from "@detrkit/common";
import { expectShape, type ImageSize } from "@detrkit/nn";
import { concat, dispose } from "@tensorflow/tfjs-core";
import type { LayerPrediction } from "@detrkit/boxes";
import type { ImageDetections } from "./detections.ts";

/**
 * Detections of a softmax detector (DETR): for every query the most probable class that is not "no object", with its
 * probability. `B` images, `Q` queries, `C` classes.
 *
 * @param output - logits `[B, Q, C + 1]` and boxes `[B, Q, 4]`
 * @param sourceSizes - size of each of the `B` images, in whose pixels the boxes are returned
 * @returns for each image `Q` detections in the queries' order
 */
export function postProcess(output: LayerPrediction, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
  return readDetections(output, sourceSizes, bestClassOfEachQuery);
}

/**
 * Detections of a sigmoid detector (Deformable DETR): the `count` highest scores over all queries and classes, so that
 * a query may appear with several classes. `B` images, `Q` queries, `C` classes.
 *
 * @param output - logits `[B, Q, C]` and boxes `[B, Q, 4]`
 * @param sourceSizes - size of each of the `B` images, in whose pixels the boxes are returned
 * @param count - detections of each image; the published models take 100
 * @returns for each image `count` detections, the highest score first
 * @throws ConfigError when there are fewer than `count` scores
 */
export async function postProcessTopK(
  output: LayerPrediction,
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
  { logits, boxes }: LayerPrediction,
  sourceSizes: readonly ImageSize[],
  select: (rows: PredictionRows) => Selection,
): Promise<ImageDetections[]> {
  const { B, Q, C } = expectShape(logits.shape, "postProcess: logits", ["B", "Q", "C"]);
  expectShape(boxes.shape, "postProcess: boxes", [B, Q, 4]);
  expectShape([sourceSizes.length], "postProcess: sourceSizes", [B]);
  const together = concat([logits, boxes], -1); // [B, Q, C + 4], for a single read from the device
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
    return { scores, labels, boxes: sourceBoxes(rows, queries, size), queries };
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

/** One image's predictions: a row for each query, its logits first. */
export interface PredictionRows {
  readonly values: Float32Array;
  readonly numQueries: number;
  readonly numLogits: number;
  /** Values from one row to the next. */
  readonly rowLength: number;
}

/** Chosen detections; `queries` says which row each comes from. */
export interface Selection {
  readonly scores: Float32Array;
  readonly labels: Int32Array;
  readonly queries: Int32Array;
}

/**
 * For every query its most probable class by softmax over all logits, the last of which ("no object") is never chosen.
 */
export function bestClassOfEachQuery({ values, numQueries, numLogits, rowLength }: PredictionRows): Selection {
  const scores = new Float32Array(numQueries);
  const labels = new Int32Array(numQueries);
  for (let query = 0; query < numQueries; query++) {
    const logits = values.subarray(query * rowLength, query * rowLength + numLogits);
    const label = indexOfLargest(logits.subarray(0, numLogits - 1));
    const best = logits[label] as number;
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - best);
    labels[query] = label;
    scores[query] = 1 / sum;
  }
  return { scores, labels, queries: Int32Array.from({ length: numQueries }, (_, query) => query) };
}

/** The `count` highest sigmoid scores over all queries and classes, highest first; equal ones in their order. */
export function highestScores({ values, numQueries, numLogits, rowLength }: PredictionRows, count: number): Selection {
  const logitOf = (candidate: number): number =>
    values[Math.floor(candidate / numLogits) * rowLength + (candidate % numLogits)] as number;
  const candidates = Array.from({ length: numQueries * numLogits }, (_, candidate) => candidate);
  const chosen = candidates.toSorted((first, second) => logitOf(second) - logitOf(first)).slice(0, count);
  return {
    scores: Float32Array.from(chosen, (candidate) => 1 / (1 + Math.exp(-logitOf(candidate)))),
    labels: Int32Array.from(chosen, (candidate) => candidate % numLogits),
    queries: Int32Array.from(chosen, (candidate) => Math.floor(candidate / numLogits)),
  };
}

function indexOfLargest(values: Float32Array): number {
  let largest = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[largest] as number)) largest = index;
  }
  return largest;
}
