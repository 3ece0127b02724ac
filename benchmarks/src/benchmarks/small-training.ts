import { type DetectorConfig, presets } from "@detrkit/detr";
import type { Benchmark } from "../benchmark.ts";
import { generatedTargets } from "../generated-targets.ts";

const bccd = presets["detr-small"];

/** The smallest model that was trained on generated shapes. */
const shapes: DetectorConfig = {
  ...bccd,
  backbone: { ...bccd.backbone, stem: "3x3pool", width: 16 },
  positionEncoding: { kind: "sine", normalize: false },
  transformer: { ...bccd.transformer, dim: 64, feedForwardDim: 128 },
  numQueries: 20,
};

export const smallTraining: Benchmark = {
  name: "small-training",
  title: "detr-small, one training step: forward, set loss of all layers, backward, clipping, AdamW",
  peerName: "the same model in PyTorch eager",
  ours: "training-step.ts",
  peer: "small_training.py",
  runs: 31,
  quickRuns: 7,
  warmups: 5,
  iterationsPerTurn: 5,
  overall: "worst",
  cases: async () => [
    {
      name: "blood cells, 320x240, batch 4",
      settings: {
        model: bccd,
        batch: 4,
        height: 240,
        width: 320,
        targets: generatedTargets([14, 11, 17, 13], 3),
        learningRate: 2e-4,
        backboneLearningRate: 2e-4,
      },
    },
    {
      name: "shapes, 128x128, batch 8",
      settings: {
        model: shapes,
        batch: 8,
        height: 128,
        width: 128,
        targets: generatedTargets([3, 5, 2, 6, 1, 4, 3, 4], 3),
        learningRate: 4e-4,
        backboneLearningRate: 4e-4,
      },
    },
  ],
};
