import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";
import { generatedTargets } from "../generated-targets.ts";

const model = presets["deformable-detr-r50"];

export const deformableTraining: Benchmark = {
  name: "deformable-training",
  title: "Deformable DETR-R50, one training step: forward, set loss of all layers, backward, clipping, AdamW",
  peerName: "Hugging Face transformers, PyTorch eager",
  ours: "training-step.ts",
  peer: "hugging_face_training.py",
  runs: 5,
  quickRuns: 2,
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
        learningRate: 2e-4,
        backboneLearningRate: 2e-5,
        locationLearningRate: 2e-5,
      },
    },
  ],
};
