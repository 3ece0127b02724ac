import { readFileSync, writeFileSync } from "node:fs";
import { startBackend } from "@detrkit/backend";
import { type DetrOutput, listDetections } from "@detrkit/detr";
import { type Detector, loadDetector } from "@detrkit/inference";
import { decodeMask } from "@detrkit/masks";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import type { PredictedMasks } from "@detrkit/segmentation";
import { dispose, type TensorContainer } from "@tensorflow/tfjs-core";
import type { ImageShape, SegmentationInputs } from "../segmentation-inputs.ts";
import { countOperations } from "./count-operations.ts";
import { unpaddedBatch } from "./image-batch.ts";
import { parameterCounts } from "./parameter-counts.ts";
import { profileLayers, profileOperations } from "./profile-model.ts";
import { serveIterations } from "./serve-iterations.ts";

interface SegmentationSettings extends SegmentationInputs, ImageShape {
  /** Detections above a threshold with masks at the image's own size, instead of the logits of all queries. */
  readonly asUsed: boolean;
  /** How many detections are above the threshold. */
  readonly detections: number;
  readonly sourceSize: ImageSize;
  /** Where what was computed goes for the other side to compare. */
  readonly results: string;
}

/** What one iteration is, and what it computes. */
interface Work {
  readonly iterate: () => Promise<void>;
  /** Row-major: logits, boxes, masks. */
  readonly results: readonly Float32Array[];
}

/** A detector with masks, from images to the masks of all queries, or to the detections of an image. */
await serveIterations(async (settings: SegmentationSettings) => {
  const { name } = await startBackend();
  const detector = await loadDetector(settings.checkpoint);
  const batch = unpaddedBatch(readImages(settings.images), settings);
  const { iterate, results } = settings.asUsed
    ? await detections(detector, batch, settings)
    : await allMasks(detector, batch);
  writeFileSync(settings.results, "");
  for (const { buffer, byteOffset, byteLength } of results)
    writeFileSync(settings.results, new Uint8Array(buffer, byteOffset, byteLength), { flag: "a" });
  const operations = await countOperations(iterate);
  const details = [...(await profileLayers(detector.model, iterate)), ...(await profileOperations(iterate))];
  const { parameters } = parameterCounts(detector.model);
  return { facts: { backend: name, parameters, ...operations }, details, iterate };
});

/** As the model's `call` gives them: mask logits of every query. */
async function allMasks({ model }: Detector, batch: PaddedBatch): Promise<Work> {
  const compute = async (): Promise<Float32Array[]> => {
    const output = model.call(batch, { auxiliary: false });
    const masks = masksOf(output).all();
    const numbers = await Promise.all([output.logits, output.boxes, masks].map((each) => each.data<"float32">()));
    free(output);
    dispose(masks);
    return numbers;
  };
  return { iterate: async () => void (await compute()), results: await compute() };
}

/** What `detect` does with images once they are decoded and resized. */
async function detections(
  detector: Detector,
  batch: PaddedBatch,
  { batch: images, sourceSize, detections: count }: SegmentationSettings,
): Promise<Work> {
  const sourceSizes = Array.from({ length: images }, () => sourceSize);
  const output = detector.model.call(batch, { auxiliary: false });
  const numbers = await Promise.all([output.logits, output.boxes].map((each) => each.data<"float32">()));
  const all = (await detector.model.postProcess(output, sourceSizes)).flatMap(({ scores }) => [...scores]);
  free(output);
  const [last = 1, next = 0] = all.toSorted((a, b) => b - a).slice(images * count - 1);
  const threshold = (last + next) / 2;
  const { categories } = detector.description;
  const detect = () => detector.detectBatch(batch, sourceSizes, { threshold });
  const found = await detect();
  const masks = found.flatMap(({ queries = [], masks: ofImage = [] }) =>
    Array.from(queries, (query, index) => ({ query, mask: ofImage[index] }))
      .toSorted((a, b) => a.query - b.query)
      .map(({ mask }) => (mask === undefined ? new Float32Array() : Float32Array.from(decodeMask(mask)))),
  );
  return {
    iterate: async () => {
      for (const ofImage of await detect()) listDetections(ofImage, { categories });
    },
    results: [...numbers, ...masks],
  };
}

function masksOf({ masks }: DetrOutput): PredictedMasks {
  if (masks === undefined) throw new Error("the detector has no mask head");
  return masks;
}

function free(output: DetrOutput): void {
  dispose(output as unknown as TensorContainer);
}

function readImages(file: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
}
