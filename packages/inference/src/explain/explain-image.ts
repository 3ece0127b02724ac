import { ConfigError } from "@detrkit/common";
import { type Detection, type DetectionModel, type ImageDetections, listDetections } from "@detrkit/detr";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { dispose, type TensorContainer } from "@tensorflow/tfjs-core";
import type { DetectorDescription } from "../description.ts";
import { AttentionRecorder, type RecordedLayer } from "./attention-recorder.ts";
import type { AttendedImage, ExplainOptions, Explanation, ImagePoint, SampledPoint } from "./explanation.ts";

/** A model and one image for it. */
export interface ImageToExplain {
  readonly model: DetectionModel<object>;
  readonly categories: DetectorDescription["categories"];
  /** Of the one image, so that nothing of it is padding. */
  readonly batch: PaddedBatch;
  /** Of the image as it was given. */
  readonly source: ImageSize;
}

/** Runs the model on an image and tells what its queries, and cells of the image, looked at. */
export async function explainImage(
  { model, categories, batch, source }: ImageToExplain,
  { threshold = 0.5, limit, decoderLayer, encoderLayer, points = [] }: ExplainOptions,
): Promise<Explanation> {
  const decoder = new AttentionRecorder("decoder", { layer: decoderLayer });
  const encoder = new AttentionRecorder("encoder", {
    layer: encoderLayer,
    queries: ([finest]) => points.map((point) => cellOf(point, finest as ImageSize, source)),
  });
  try {
    const output = model.call(batch, {
      auxiliary: false,
      masks: false,
      observeAttention: (observed) => {
        decoder.observe(observed);
        if (points.length > 0) encoder.observe(observed);
      },
    });
    const [found] = await model
      .postProcess(output, [source])
      .finally(() => dispose(output as unknown as TensorContainer));
    const shown = chosen(found as ImageDetections, categories, threshold).slice(0, limit);
    const attended = await readPlaces(decoder.recorded, source);
    const cells = points.length > 0 ? await readPlaces(encoder.recorded, source) : undefined;
    return {
      width: source.width,
      height: source.height,
      decoderLayer: decoder.recorded.layer,
      detections: shown.map(({ detection, query }) => ({ detection, attention: attended(query) })),
      encoderLayer: cells && encoder.recorded.layer,
      points: points.map((point, index) => ({ point, attention: (cells as typeof attended)(index) })),
    };
  } finally {
    decoder.dispose();
    encoder.dispose();
  }
}

/** The number of the cell that a point lies in: row by row, the finest level first. */
function cellOf({ x, y }: ImagePoint, { width, height }: ImageSize, source: ImageSize): number {
  const column = Math.min(width - 1, Math.floor((x / source.width) * width));
  const row = Math.min(height - 1, Math.floor((y / source.height) * height));
  return row * width + column;
}

/** The detections that are asked for, highest score first, with the query of each. */
function chosen(
  found: ImageDetections,
  categories: DetectorDescription["categories"],
  threshold: number,
): { readonly detection: Detection; readonly query: number }[] {
  const { scores, labels, boxes, queries } = found;
  if (queries === undefined)
    throw new ConfigError(
      "Detector.explain: this detector does not say which query a detection is from; " +
        "return queries from its postProcess",
    );
  return Array.from(queries, (query, index) => {
    const one = {
      scores: scores.subarray(index, index + 1),
      labels: labels.subarray(index, index + 1),
      boxes: boxes.subarray(index * 4, index * 4 + 4),
    };
    const [detection] = listDetections(one, { categories, threshold });
    return detection === undefined ? [] : [{ detection, query }];
  })
    .flat()
    .toSorted((one, other) => other.detection.score - one.detection.score);
}

/** Reads what a layer looked at; gives it for each of its queries. */
async function readPlaces(
  { places, levelShapes }: RecordedLayer,
  source: ImageSize,
): Promise<(query: number) => AttendedImage> {
  const weights = await places.weights.data<"float32">();
  if (places.kind === "dense") {
    const { width, height } = levelShapes[0] as ImageSize;
    const S = places.weights.shape[2];
    return (query) => ({
      kind: "dense",
      width,
      height,
      weights: [...weights.subarray(query * S, (query + 1) * S)],
    });
  }
  const locations = await places.locations.data<"float32">();
  const [, , M, L, P] = places.weights.shape;
  const count = M * L * P;
  return (query) => ({
    kind: "sampled",
    points: Array.from({ length: count }, (_, index): SampledPoint => {
      const at = query * count + index;
      return {
        x: (locations[2 * at] as number) * source.width,
        y: (locations[2 * at + 1] as number) * source.height,
        weight: (weights[at] as number) / M,
        head: Math.floor(index / (L * P)),
        level: Math.floor(index / P) % L,
      };
    }),
  });
}
