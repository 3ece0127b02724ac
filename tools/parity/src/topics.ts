import type { TopicRunner } from "./topic.ts";

/**
 * The topics that have a part to run, each loaded when it is first needed: one that can't be loaded fails its own cases
 * only. A topic's file exports `run`; its name is the folder's.
 */
export const topics: Readonly<Record<string, () => Promise<{ readonly run: TopicRunner }>>> = {
  "coco-eval": () => import("./topics/coco-eval.ts"),
  "position-encoding": () => import("./topics/position-encoding.ts"),
  transformer: () => import("./topics/transformer.ts"),
  "deformable-transformer": () => import("./topics/deformable-transformer.ts"),
  transforms: () => import("./topics/transforms.ts"),
  backbone: () => import("./topics/backbone.ts"),
  models: () => import("./topics/models.ts"),
  postprocess: () => import("./topics/postprocess.ts"),
  training: () => import("./topics/training.ts"),
  matcher: () => import("./topics/matcher.ts"),
  "deformable-attention": () => import("./topics/deformable-attention.ts"),
  criterion: () => import("./topics/criterion.ts"),
  checkpoint: () => import("./topics/checkpoint.ts"),
  assignment: () => import("./topics/assignment.ts"),
};
