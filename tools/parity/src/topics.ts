import type { Topics } from "@detrkit/test-utils/recorded";

/**
 * What runs the cases of each topic (the name of a folder): code of the tests of the package that the topic is about.
 * Each is loaded when it is first needed, so that one that can't be loaded fails its own cases only.
 */
export const topics: Topics = {
  assignment: () => import("../../../packages/matcher/test-support/assignment-case.ts"),
  backbone: () => import("../../../packages/backbone/test-support/backbone-case.ts"),
  checkpoint: async () => {
    const { runWith } = await import("../../../packages/checkpoint/test-support/checkpoint-case.ts");
    const { compareCheckpointModel } = await import("../../../packages/detr/test-support/checkpoint-model.ts");
    return { run: runWith(compareCheckpointModel) };
  },
  "coco-eval": () => import("../../../packages/evaluation/test-support/coco-eval-case.ts"),
  convnext: () => import("../../../packages/backbone/test-support/convnext-case.ts"),
  criterion: () => import("../../../packages/criterion/test-support/criterion-case.ts"),
  "deformable-attention": () =>
    import("../../../packages/deformable-attention/test-support/deformable-attention-case.ts"),
  "deformable-transformer": () => import("../../../packages/detr/test-support/deformable-transformer-case.ts"),
  matcher: () => import("../../../packages/matcher/test-support/matcher-case.ts"),
  models: () => import("../../../packages/detr/test-support/model-case.ts"),
  "position-encoding": () => import("../../../packages/position-encoding/test-support/position-encoding-case.ts"),
  postprocess: () => import("../../../packages/detr/test-support/postprocess-case.ts"),
  segmentation: async () => {
    const { runWith } = await import("../../../packages/segmentation/test-support/segmentation-case.ts");
    const { run } = await import("../../../packages/detr/test-support/model-case.ts");
    return { run: runWith(run) };
  },
  training: () => import("../../../packages/training/test-support/training-case.ts"),
  transformer: () => import("../../../packages/transformer/test-support/transformer-case.ts"),
  transforms: () => import("../../../packages/datasets/test-support/transforms-case.ts"),
};
