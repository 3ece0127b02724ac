import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { EvaluationType } from "@detrkit/evaluation";
import type { Benchmark, BenchmarkCase } from "../benchmark.ts";
import { generatedDetections } from "../generated-detections.ts";

/** Recorded sets beside the clone, taken where they are. */
const recordedSets = resolve(import.meta.dirname, "../../../../shared/data/coco-eval");
const types: readonly EvaluationType[] = ["bbox", "segm"];

export const evaluator: Benchmark = {
  name: "evaluator",
  title: "COCO evaluation, from the text of both files to the twelve figures",
  peerName: "pycocotools 2.0.11",
  ours: "evaluator.ts",
  peer: "evaluator.py",
  runs: 15,
  quickRuns: 5,
  warmups: 5,
  overall: "total",
  cases: async ({ cache }) => {
    const recorded = recordedCases();
    return recorded.length > 0 ? recorded : [await generatedCase(join(cache, "benchmarks", "evaluator"))];
  },
};

function recordedCases(): readonly BenchmarkCase[] {
  if (!existsSync(recordedSets)) return [];
  return namesIn(recordedSets, "folder").flatMap((set) =>
    types.flatMap((type) => {
      const files = namesIn(join(recordedSets, set), "file");
      const find = (...patterns: readonly RegExp[]): string | undefined =>
        files.find((name) => patterns.some((pattern) => pattern.test(name)));
      const groundTruth = find(/^gt\.json$/, /^instances_\w+?_\d+\.json$/);
      const detections = find(new RegExp(`^dt_${type}\\.json$`), new RegExp(`_fake${type}\\d+_results\\.json$`));
      if (groundTruth === undefined || detections === undefined) return [];
      const path = (name: string): string => join(recordedSets, set, name);
      return [
        { name: `${set} ${type}`, settings: { groundTruth: path(groundTruth), detections: path(detections), type } },
      ];
    }),
  );
}

function namesIn(folder: string, kind: "file" | "folder"): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() === (kind === "folder")).map(({ name }) => name);
}

async function generatedCase(folder: string): Promise<BenchmarkCase> {
  await mkdir(folder, { recursive: true });
  const made = generatedDetections();
  const [groundTruth, detections] = [join(folder, "ground-truth.json"), join(folder, "detections.json")];
  await writeFile(groundTruth, JSON.stringify(made.groundTruth));
  await writeFile(detections, JSON.stringify(made.detections));
  return { name: "generated bbox", settings: { groundTruth, detections, type: "bbox" } };
}
