import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DetectorConfig, presets } from "@detrkit/detr";
import { detrRecipe } from "@detrkit/image";
import { useBackend } from "@detrkit/test-utils";
import { afterAll, expect, test } from "vitest";
import { cacheFolder } from "../../../tools/bootstrap/cache-folder.mjs";
import { compareCase } from "../compare.ts";
import { startServer } from "../ours/running-server.ts";
import { existingPythonEnvironment, servingFolder } from "../python-environment.ts";
import { serving, servingCases } from "./serving.ts";

const cache = cacheFolder();
const python = await existingPythonEnvironment(cache);
const isInstalled = python !== undefined && existsSync(servingFolder(python));
const nameOf = ({ model }: { readonly model: string }): string => `test-${process.pid}-${model}`;
const folderOf = (name: string): string => join(cache, "benchmarks", `served-${name}-v1`);
const tested = [presets["detr-r50"], presets["deformable-detr-r50"]];
afterAll(() => tested.forEach((preset) => rmSync(folderOf(nameOf(preset)), { recursive: true, force: true })));
useBackend("native");

const transformer = { heads: 4, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 32 };

test.skipIf(!isInstalled).each(tested)(
  "both real servers answer for a tiny $model alike (skipped where npm run bench -- serving never was)",
  async (preset) => {
    const detector = {
      ...preset,
      backbone: { ...preset.backbone, depth: 18, width: 8 },
      transformer: { ...preset.transformer, ...transformer },
      numQueries: 7,
    } as DetectorConfig;
    const recipe = detrRecipe({ training: false, shortSides: [64], maxSide: 96 });
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const context = { cache, quick: true, say };
    const [, four] = await servingCases(nameOf(preset), detector, recipe, context);
    if (four === undefined) throw new Error("there is no case of four clients");
    const setup = { python: "", node: process.execPath, threads: 2, runs: 1, say };
    const { ours, peer } = await compareCase(serving, four, setup);
    for (const { facts, figures, peakMb, timesMs } of [ours, peer]) {
      expect(facts).toEqual({ detections: preset.model === "detr" ? 7 : 100, parameters: ours.facts["parameters"] });
      const { imagesPerSecond, p50Ms, p99Ms, requests } = figures as Record<string, number>;
      expect(requests).toBeGreaterThanOrEqual(4);
      expect(imagesPerSecond).toBeCloseTo(1000 / timesMs.median, 6);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms ?? Infinity);
      // Torch alone, and Node with TensorFlow's library, take more than that.
      expect(peakMb).toBeGreaterThan(150);
    }
  },
  300_000,
);

test("a server that ends before it listens is named with what it said", async () => {
  const command = [process.execPath, "-e", "console.error('out of snails'); process.exit(3)"] as const;
  await expect(startServer({ command, env: process.env })).rejects.toThrow(/ended with exit code 3:\nout of snails/);
});
