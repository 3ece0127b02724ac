import { join } from "node:path";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { merged } from "../src/configuration/settings-tree.ts";
import { train } from "../src/training/train.ts";
import { expectSameRun } from "./support/same-run.ts";
import { tinyDetrSettings, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
useBackend("native");

// Large enough that every kernel works with several threads, whose timing must not show in the numbers; with dropout.
const large = {
  transforms: { size: "128x128" },
  transformer: { dim: 64, feedForwardDim: 128, dropout: 0.1 },
  backbone: { width: 16 },
  batchSize: 4,
  backend: "native",
};

test.each([
  ["DETR", tinyDetrSettings],
  ["Deformable DETR", tinySettings],
])(
  "a run of %s on the native backend that was stopped in the middle of an epoch goes on with the same numbers",
  async (model, settings) => {
    const configFor = (name: string) => resolveConfig(merged(settings, large, { output: join(folder, model, name) }));
    expect((await train(configFor("whole"), "refuse")).state).toBe("finished");
    const controller = new AbortController();
    const stop = await train(configFor("stopped"), "refuse", {
      report: (event) => {
        if (event.kind === "step" && event.epoch === 2 && event.step === 1) controller.abort();
      },
      signal: controller.signal,
    });
    expect(stop.state).toBe("stopped");
    expect((await train(configFor("stopped"), "resume")).state).toBe("finished");
    await expectSameRun(join(folder, model, "whole"), join(folder, model, "stopped"));
  },
);
