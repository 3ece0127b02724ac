import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";

const model = presets["detr-r50"];

export const onnxruntimeInference: Benchmark = {
  name: "onnxruntime-inference",
  title: "DETR-R50, one image of 800×1066, images to logits and boxes, beside the exported network",
  peerName: "ONNX Runtime, the same network exported",
  ours: "inference.ts",
  peer: "onnxruntime_inference.py",
  runs: 9,
  quickRuns: 3,
  warmups: 2,
  overall: "worst",
  cases: async () => [
    {
      name: "800x1066, batch 1",
      settings: { model, batch: 1, height: 800, width: 1066, targets: [], exported: "detr-r50-800x1066-v1" },
    },
  ],
};
