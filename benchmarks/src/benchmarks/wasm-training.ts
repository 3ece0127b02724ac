import { presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";
import { generatedTargets } from "../generated-targets.ts";

// One small image, a fiftieth of the pixels of `small-training`: plain JavaScript takes a quarter of an hour for a step
// of that one.
const settings = {
  batch: 1,
  height: 64,
  width: 96,
  targets: generatedTargets([14], 3),
  learningRate: 2e-4,
  backboneLearningRate: 2e-4,
};

export const wasmTraining: Benchmark = {
  name: "wasm-training",
  title:
    "the small models, one training step in WebAssembly: forward, set loss of all layers, backward, clipping, AdamW",
  peerName: "the same in plain JavaScript, tfjs's cpu backend",
  ours: "wasm-training.ts",
  peer: "plain-training.ts",
  runs: 5,
  quickRuns: 1,
  warmups: 1,
  overall: "worst",
  cases: async () => [
    { name: "detr-small, 96x64, batch 1", settings: { model: presets["detr-small"], ...settings } },
    {
      name: "deformable-detr-small, 96x64, batch 1",
      settings: { model: presets["deformable-detr-small"], ...settings },
    },
  ],
};
