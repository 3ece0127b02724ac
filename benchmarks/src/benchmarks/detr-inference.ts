import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";

export const detrInference: Benchmark = {
  name: "detr-inference",
  title: "DETR-R50, one image of 800×1066, images to logits and boxes",
  peerName: "Hugging Face transformers, PyTorch eager",
  ours: "inference.ts",
  peer: "hugging_face_inference.py",
  runs: 9,
  quickRuns: 3,
  warmups: 2,
  overall: "worst",
  cases: async () => [
    {
      name: "800x1066, batch 1",
      settings: { model: presets["detr-r50"], batch: 1, height: 800, width: 1066, targets: [] },
    },
  ],
};
