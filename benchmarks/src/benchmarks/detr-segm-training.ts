import type { Benchmark } from "../benchmark.ts";
import { generatedTargets } from "../generated-targets.ts";
import { panopticDetr } from "../segmentation-inputs.ts";

export const detrSegmTraining: Benchmark = {
  name: "detr-segm-training",
  title: "DETR-R50 with masks, one training step: forward, set loss with masks, backward, clipping, AdamW",
  peerName: "Hugging Face transformers, PyTorch eager",
  ours: "training-step.ts",
  peer: "hugging_face_training.py",
  runs: 3,
  quickRuns: 1,
  // Both sides have made a step by then, to state their first loss.
  warmups: 0,
  overall: "worst",
  cases: async () =>
    [false, true].map((adaptersOnce) => ({
      name: `512x512, batch 2${adaptersOnce ? ", the peer's maps adapted once" : ""}`,
      settings: {
        model: panopticDetr,
        batch: 2,
        height: 512,
        width: 512,
        targets: generatedTargets([10, 10], panopticDetr.numClasses),
        masks: true,
        adaptersOnce,
        learningRate: 1e-4,
        backboneLearningRate: 1e-5,
      },
    })),
};
