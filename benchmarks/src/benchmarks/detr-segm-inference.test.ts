import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DetrSettings } from "@detrkit/detr";
import { useBackend } from "@detrkit/test-utils";
import { afterAll, expect, test } from "vitest";
import { cacheFolder } from "../../../tools/bootstrap/cache-folder.mjs";
import { compareCase } from "../compare.ts";
import { existingPythonEnvironment } from "../python-environment.ts";
import { panopticDetr } from "../segmentation-inputs.ts";
import { detrSegmInference, segmentationCases } from "./detr-segm-inference.ts";

const cache = cacheFolder();
const python = await existingPythonEnvironment(cache);
const name = `test-${process.pid}`;
const shape = { batch: 2, height: 96, width: 74 };
const made = [`served-${name}-v1`, "noise-2x96x74-v1.f32"].map((file) => join(cache, "benchmarks", file));
afterAll(() => made.forEach((file) => rmSync(file, { recursive: true, force: true })));
useBackend("native");

const tiny: DetrSettings = {
  ...panopticDetr,
  backbone: { ...panopticDetr.backbone, depth: 18, width: 8 },
  transformer: { ...panopticDetr.transformer, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 128 },
  numQueries: 23,
  numClasses: 5,
  masks: { contextDim: 128 },
};

const setup = { python: python ?? "", node: process.execPath, threads: 2, runs: 1, say: () => {} };

test.skipIf(python === undefined)(
  "both sides compute the same masks, all and as used (skipped where npm run bench never was)",
  async () => {
    const cases = await segmentationCases(name, tiny, shape, { cache, quick: true, say: () => {} });
    // The first is what the last begins with.
    for (const testCase of cases.slice(1)) {
      const { ours, peer } = await compareCase(detrSegmInference, testCase, setup);
      expect(peer.facts["parameters"]).toBe(ours.facts["parameters"]);
      expect(peer.facts["largestRelativeDifference"]).toBeLessThan(1e-3);
      expect(ours.details.join("\n")).toMatch(/mask head: block 5/);
    }
  },
  300_000,
);
