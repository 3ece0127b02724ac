import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Benchmark } from "../benchmark.ts";
import { generatedSegmentations } from "../generated-segmentations.ts";

export const panopticEvaluator: Benchmark = {
  name: "panoptic-evaluator",
  title: "Panoptic quality, from segment ids and lists of segments to the figures",
  peerName: "numpy after the rules of COCO's evaluation, in code of our own",
  ours: "panoptic-evaluator.ts",
  peer: "panoptic_evaluator.py",
  runs: 9,
  quickRuns: 3,
  warmups: 2,
  overall: "worst",
  cases: async ({ cache, quick }) => {
    const images = quick ? 20 : 100;
    const folder = join(cache, "benchmarks", "panoptic-evaluator");
    await mkdir(folder, { recursive: true });
    const { maps, height, width, ...listed } = generatedSegmentations({ images });
    const files = { maps: join(folder, `maps-${images}.bin`), segments: join(folder, `segments-${images}.json`) };
    await writeFile(files.maps, maps);
    await writeFile(files.segments, JSON.stringify(listed));
    return [
      {
        name: `${images} images`,
        settings: { ...files, height, width },
        describe: (medianMs) => `${((images * 1000) / medianMs).toFixed(0)} images/s`,
      },
    ];
  },
};
