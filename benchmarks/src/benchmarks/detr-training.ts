import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";
import { generatedTargets } from "../generated-targets.ts";

const model = presets["detr-r50"];

export const detrTraining: Benchmark = {
  name: "detr-training",
  title: "DETR-R50, one training step: forward, set loss of all layers, backward, clipping, AdamW",
  peerName: "Hugging Face transformers, PyTorch eager",
  ours: "training-step.ts",
  peer: "hugging_face_training.py",
  runs: 7,
  quickRuns: 3,
  warmups: 1,
  overall: "worst",
  cases: async () => [
    {
      name: "512x512, batch 2",
      settings: {
        model,
        batch: 2,
        height: 512,
        width: 512,
        targets: generatedTargets([7, 7], model.numClasses),
        learningRate: 1e-4,
        backboneLearningRate: 1e-5,
      },
    },
  ],
};
