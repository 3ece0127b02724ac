import { join } from "node:path";
import { describeOnBackends } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { train } from "../src/training/train.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();

describeOnBackends("memory", (backend) => {
  test("the number of tensors is the same after every step", async () => {
    const counts: number[] = [];
    const config = resolveConfig({ ...tinySettings, epochs: 6, output: join(folder, backend) });
    await train(config, "refuse", {
      report: (event) => {
        if (event.kind === "step") counts.push(memory().numTensors);
      },
    });
    expect(counts).toHaveLength(24);
    // The first step makes the optimiser's moments; from the second on nothing may be added.
    expect(new Set(counts.slice(1)).size).toBe(1);
  });
});
