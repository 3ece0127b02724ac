import { join } from "node:path";
import type { DetrSettings } from "@detrkit/detr";
import type { Benchmark, BenchmarkCase, BenchmarkContext } from "../benchmark.ts";
import { type ImageShape, panopticDetr, segmentationInputs } from "../segmentation-inputs.ts";

const work = [
  { name: "all masks", asUsed: false, adaptersOnce: false, compiled: false },
  { name: "all masks, the peer's maps adapted once", asUsed: false, adaptersOnce: true, compiled: false },
  { name: "all masks, that peer by torch.compile", asUsed: false, adaptersOnce: true, compiled: true },
  { name: "as used: masks of 20 detections at 640x480", asUsed: true, adaptersOnce: false, compiled: false },
];

export const detrSegmInference: Benchmark = {
  name: "detr-segm-inference",
  title: "DETR-R50 with masks, one image of 800×1066, images to logits, boxes and masks",
  peerName: "Hugging Face transformers, PyTorch eager and compiled",
  ours: "segmentation-inference.ts",
  peer: "hugging_face_segmentation.py",
  // Each takes the peer half a minute, and 12 GB.
  runs: 3,
  quickRuns: 1,
  // Both sides have computed everything once by then, to be compared.
  warmups: 0,
  overall: "worst",
  cases: (context) =>
    segmentationCases("detr-r50-panoptic", panopticDetr, { batch: 1, height: 800, width: 1066 }, context),
};

/** Cases of one detector on images of one shape. */
export async function segmentationCases(
  name: string,
  detector: DetrSettings,
  shape: ImageShape,
  { cache }: BenchmarkContext,
): Promise<readonly BenchmarkCase[]> {
  const inputs = await segmentationInputs(cache, name, detector, shape);
  const results = join(cache, "benchmarks", `segmentation-results-${process.pid}.f32`);
  return work.map(({ name: what, ...variant }) => ({
    name: `${shape.height}x${shape.width}, batch ${shape.batch}, ${what}`,
    settings: {
      ...inputs,
      ...shape,
      results,
      ...variant,
      detections: 20,
      sourceSize: { height: 480, width: 640 },
    },
  }));
}
