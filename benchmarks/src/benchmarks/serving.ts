import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type DetectorConfig, presets } from "@detrkit/detr";
import { detrEvaluation, type TransformRecipe } from "@detrkit/image";
import type { Benchmark, BenchmarkCase, BenchmarkContext } from "../benchmark.ts";
import type { ServingSettings } from "../ours/server-workload.ts";
import { photographSet } from "../photograph-set.ts";
import { pythonEnvironment, servingEnvironment, SetupProblem } from "../python-environment.ts";
import { servedDetector } from "../served-detector.ts";

const models = ["detr-r50", "deformable-detr-r50"] as const;
const clients = { full: [1, 4, 16], quick: [1, 4] };
const turnSeconds = { full: 15, quick: 1 };
/** Of the set that `train-throughput` makes too. */
const photographs = { made: 64, sent: 16 };

export const serving: Benchmark = {
  name: "serving",
  title: "detrkit-serve: JPEGs of 640×480 over HTTP, seen at 800×1066, from 1, 4 and 16 clients; times are of an image",
  peerName: "FastAPI and uvicorn, Hugging Face transformers, PyTorch eager",
  ours: "serving.ts",
  peer: "fastapi-serving.ts",
  // Sixteen answers of Deformable DETR take the peer three minutes.
  runs: 1,
  quickRuns: 1,
  // Each program asks for a few images itself: a whole turn of load would be too long.
  warmups: 0,
  overall: "worst",
  cases: async (context) => {
    const cases: BenchmarkCase[] = [];
    for (const name of models) cases.push(...(await servingCases(name, presets[name], detrEvaluation, context)));
    return cases;
  },
};

/** A case for each number of clients. Makes the environment, weights and photographs that are missing. */
export async function servingCases(
  name: string,
  detector: DetectorConfig,
  transforms: TransformRecipe,
  { cache, quick, say }: BenchmarkContext,
): Promise<readonly BenchmarkCase[]> {
  if (process.platform !== "linux")
    throw new SetupProblem("benchmarks: serving reads the memory of the servers from /proc; it needs Linux");
  const python = await pythonEnvironment(cache, say);
  const pythonPath = await servingEnvironment(python, say);
  const { folder } = await photographSet(cache, photographs.made);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".jpg")).toSorted();
  const served = await servedDetector(join(cache, "benchmarks", `served-${name}-v1`), detector, transforms);
  const length = quick ? "quick" : "full";
  return clients[length].map((count) => {
    const settings: ServingSettings = {
      ...served,
      python,
      pythonPath,
      photographs: files.slice(0, photographs.sent).map((file) => join(folder, file)),
      clients: count,
      turnSeconds: turnSeconds[length],
    };
    return { name: `${name}, ${count} ${count === 1 ? "client" : "clients"}`, settings: { ...settings } };
  });
}
