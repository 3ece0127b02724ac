// A module that does too much: whoever imports it for its transform starts reading images once more.
import { defineTransform, type TransformKind } from "@detrkit/image";
import { ImageWorkers } from "../src/index.ts";

export const busy: TransformKind = defineTransform({
  kind: "busy",
  module: import.meta.url,
  plan: () => ({}),
  apply: (image) => image,
});
export const workers: ImageWorkers = new ImageWorkers(1);
