import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";

export const deformableInference: Benchmark = {
  name: "deformable-inference",
  title: "Deformable DETR-R50, one image of 800×1066, images to logits and boxes",
  peerName: "Hugging Face transformers, PyTorch eager",
  ours: "inference.ts",
  peer: "hugging_face_inference.py",
  runs: 5,
  quickRuns: 2,
  warmups: 1,
  overall: "worst",
  cases: async () => [
    {
      name: "800x1066, batch 1",
      settings: { model: presets["deformable-detr-r50"], batch: 1, height: 800, width: 1066, targets: [] },
    },
  ],
};
