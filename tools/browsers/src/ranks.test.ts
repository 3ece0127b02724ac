import type { DetectorConfig } from "@detrkit/detr";
import { axesBeyondGpus, removeOwnKernels, useBackend } from "@detrkit/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { narrow, run } from "./workload.ts";

// What `npm run browsers` does not run: other settings than those of the small presets.
useBackend("cpu");
let putBack: () => void;
beforeEach(() => {
  putBack = removeOwnKernels();
});
afterEach(() => putBack());

const detr = narrow("detr-small");
const deformable = narrow("deformable-detr-small");
const models: Readonly<Record<string, object>> = {
  "detr, learned positions, pre-norm, dropout, frozen norm": {
    ...detr,
    backbone: { ...detr.backbone, norm: "frozen-batch" },
    positionEncoding: { kind: "learned" },
    transformer: { ...detr.transformer, preNorm: true, dropout: 0.1 },
  },
  "deformable, without refinement": { ...deformable, boxRefinement: false },
  "deformable, two stages": { ...deformable, twoStage: true },
};

test.each(Object.entries(models))(
  "%s: no op of a training step has more axes than GPUs' kernels take",
  async (_, config) => {
    const step = async (): Promise<void> => void (await run(config as DetectorConfig, "training"));
    expect(await axesBeyondGpus(step)).toEqual([]);
  },
);
