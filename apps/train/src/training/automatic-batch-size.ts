import { Random } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { planTransforms } from "@detrkit/image";
import { freezeDetector, stepCallOptions } from "@detrkit/training";
import { randomUniform, type Tensor3D, type Tensor4D, zeros } from "@tensorflow/tfjs-core";
import type { RunConfig, SizedConfig } from "../configuration/resolve-config.ts";
import { UsageError } from "../usage-error.ts";
import type { RunData } from "../data/open-data.ts";
import { partsOf } from "./parts.ts";
import { transformsOf } from "./run-transforms.ts";
import { peakMemoryDuring } from "./process-memory.ts";

/** Of the memory that is free: the rest is for what was not measured, and for other programs. */
const usedShare = 0.7;

/** Copies of an image in preparation: batches ahead of the step, and that of the step. */
const preparedCopies = 4;

/** Random draws of the transforms that the largest image is sought among. */
const drawsInAll = 4000;

/** Memory in bytes that steps were measured to need. */
export interface MeasuredSteps {
  /** Largest height and largest width that images have after their transforms. */
  readonly size: ImageSize;
  /** Resident in this process before the first step. */
  readonly resident: number;
  /** Free for this process and others at that time. */
  readonly free: number;
  /** Highest of a step with one image. */
  readonly one: number;
  /** Highest of a step with two; undefined where two might not fit. */
  readonly two: number | undefined;
}

/** How many images a step may have, and why in one line. */
export interface ChosenBatchSize {
  readonly batchSize: number;
  readonly text: string;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;

/**
 * As many images as fit into the share of memory that may be used, but no more than the learning rate is meant for:
 * memory alone is no reason to take fewer steps.
 *
 * @param most - images that the learning rate is meant for, and images that there are
 * @throws UsageError where not even one fits
 */
export function chooseBatchSize(
  { free, one, resident, size, two }: MeasuredSteps,
  most: { readonly meant: number; readonly images: number },
): ChosenBatchSize {
  const limit = resident + usedShare * free;
  const imageBytes = size.width * size.height * 3 * Float32Array.BYTES_PER_ELEMENT;
  const further = Math.max((two ?? 2 * one - resident) - one, imageBytes) + preparedCopies * imageBytes;
  const fitting = one > limit ? 0 : 1 + Math.floor((limit - one) / further);
  const measured =
    `steps with images of ${size.width}x${size.height} took ${mebibytes(one - resident)} for one and about ` +
    `${mebibytes(further)} for each more, ${mebibytes(usedShare * free)} (${usedShare} of what is free) may be used`;
  if (fitting === 0) {
    throw new UsageError(
      `--batch-size auto: not even one image fits: ${measured}. Take smaller images (--transforms.kind fixed ` +
        "--transforms.size 320x240) or a smaller model (--preset deformable-detr-small)",
    );
  }
  const batchSize = Math.min(fitting, most.meant, most.images);
  const why =
    batchSize === fitting ? "no more fit" : batchSize === most.meant ? "the rate is meant for so many" : "all";
  const missing = Math.ceil(most.meant / batchSize);
  const advice = missing > 1 && batchSize === fitting ? `; --accumulate ${missing} would make up for the rest` : "";
  return { batchSize, text: `--batch-size auto: ${batchSize} (${why}; ${measured})${advice}` };
}

/** The settings with a batch size: where `auto` was asked for, by measuring steps at the largest images. */
export async function withBatchSize(
  config: RunConfig,
  data: RunData,
  say: (line: string) => void,
): Promise<SizedConfig> {
  const { batchSize: asked, learningRateScaling } = config;
  if (asked !== "auto") return { ...config, batchSize: asked };
  say("--batch-size auto: measuring the memory of steps with one and two images");
  const most = { meant: learningRateScaling.images, images: data.training.length };
  const { batchSize, text } = chooseBatchSize(await measureSteps(config, data), most);
  say(text);
  return { ...config, batchSize, file: { ...config.file, batchSize } };
}

async function measureSteps(config: RunConfig, data: RunData): Promise<MeasuredSteps> {
  const size = largestImage(config, data);
  const { rss: resident } = process.memoryUsage();
  const free = process.availableMemory();
  const one = await peakOfStep(config, data, size, 1);
  const couldFit = resident + usedShare * free > 2 * one - resident;
  return { size, resident, free, one, two: couldFit ? await peakOfStep(config, data, size, 2) : undefined };
}

/** The largest height and the largest width of training images after their transforms, found by drawing these. */
function largestImage(config: RunConfig, { training: { records } }: RunData): ImageSize {
  const { steps } = transformsOf(config, config.overfit === 0);
  const drawsEach = Math.ceil(drawsInAll / records.length);
  let [height, width] = [0, 0];
  for (const [index, { height: sourceHeight, width: sourceWidth }] of records.entries()) {
    for (let draw = 0; draw < drawsEach; draw++) {
      const draws = new Random(config.seed).fork("largest", index, draw);
      const { size } = planTransforms(steps, { height: sourceHeight, width: sourceWidth }, draws);
      [height, width] = [Math.max(height, size.height), Math.max(width, size.width)];
    }
  }
  return { height, width };
}

/** Most memory during two steps with new parts: the first makes the optimiser's moments. Nothing is left of them. */
async function peakOfStep(config: RunConfig, data: RunData, size: ImageSize, images: number): Promise<number> {
  const peak = await peakMemoryDuring(async () => {
    const parts = partsOf({ ...config, batchSize: images }, data);
    const { accumulate, criterion, model, optimizer } = parts;
    if (parts.freezeDetector) freezeDetector(model);
    const shape = [images, size.height, size.width] as const;
    const pixels: Tensor4D = randomUniform([...shape, 3], -1, 1, "float32", config.seed);
    const paddingMask: Tensor3D = zeros([...shape], "bool");
    const batch = { images: pixels, paddingMask, sizes: Array.from({ length: images }, () => size) };
    const objects = Math.max(1, ...data.training.records.map(({ labels }) => labels.length));
    const boxes = new Float32Array(objects * 4).fill(0.5);
    const masks = { ...size, data: new Uint8Array(objects * size.height * size.width) };
    const target = { labels: new Int32Array(objects), boxes, ...(model.maskHead && { masks }) };
    const targets = Array.from({ length: images }, () => target);
    const random = new Random(config.seed);
    const compute = () => criterion.call(model.call(batch, stepCallOptions(parts, random)), targets, { random });
    try {
      for (let step = 0; step < 2; step++) {
        if (accumulate > 1) await optimizer.accumulate(model, compute);
        await optimizer.step(model, compute);
      }
    } finally {
      for (const each of [optimizer, model, pixels, paddingMask]) each.dispose();
    }
  });
  if (peak !== undefined) return peak;
  throw new UsageError(
    "--batch-size auto measures memory as Linux tells it, which this system does not; give a number",
  );
}
