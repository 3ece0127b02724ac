import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { boxL1, classProbability, generalizedIou, HungarianMatcher } from "@detrkit/matcher";
import type { Benchmark, BenchmarkCase } from "../benchmark.ts";

/** How many queries and targets an image has, and how many such images there are. */
interface Problem {
  readonly queries: number;
  readonly targets: number;
  readonly images: number;
  /** How often one iteration solves them all: a timing of milliseconds, not of microseconds. */
  readonly repeats: number;
}

const problems: readonly Problem[] = [
  { queries: 100, targets: 20, images: 60, repeats: 10 },
  { queries: 300, targets: 100, images: 20, repeats: 3 },
];
const classes = 91;

export const matcher: Benchmark = {
  name: "matcher",
  title: "linear sum assignment on DETR's costs, time for one matrix",
  peerName: "SciPy linear_sum_assignment",
  ours: "matcher.ts",
  peer: "matcher.py",
  runs: 31,
  quickRuns: 7,
  warmups: 20,
  overall: "worst",
  cases: async ({ cache }) => {
    const folder = join(cache, "benchmarks");
    await mkdir(folder, { recursive: true });
    return Promise.all(problems.map((problem) => caseOf(problem, folder)));
  },
};

async function caseOf(problem: Problem, folder: string): Promise<BenchmarkCase> {
  const { queries, targets, images, repeats } = problem;
  const name = `${queries}x${targets}`;
  const file = join(folder, `costs-${name}.f64`);
  await writeFile(file, costMatrices(problem));
  return { name, settings: { file, rows: queries, columns: targets, count: images, repeats } };
}

/**
 * Cost matrices as they come while a model learns: from predictions anywhere (image 0) to predictions around the
 * targets (the last one).
 */
function costMatrices({ queries, targets, images }: Problem): Float64Array {
  const hungarian = new HungarianMatcher({
    costs: [classProbability({ weight: 1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
  });
  const random = new Random(11);
  const all = new Float64Array(images * queries * targets);
  for (let image = 0; image < images; image++) {
    const learned = image / (images - 1);
    const labels = Int32Array.from({ length: targets }, () => random.integer(0, classes - 1));
    const boxes = randomBoxes(targets, random);
    const predicted = randomBoxes(queries, random);
    const logits = Float32Array.from({ length: queries * (classes + 1) }, () => random.normal());
    for (let query = 0; query < queries; query++) {
      const target = random.integer(0, targets - 1);
      logits[query * (classes + 1) + (labels[target] ?? 0)] = 6 * learned;
      for (let side = 0; side < 4; side++) {
        const own = predicted[4 * query + side] ?? 0;
        predicted[4 * query + side] = own + 0.95 * learned * ((boxes[4 * target + side] ?? 0) - own);
      }
    }
    all.set(
      hungarian.costMatrix({ queries, classes: classes + 1, logits, boxes: predicted }, { labels, boxes }),
      image * queries * targets,
    );
  }
  return all;
}

function randomBoxes(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: 4 * count }, (_, at) =>
    at % 4 < 2 ? random.uniform(0.2, 0.8) : random.uniform(0.05, 0.4),
  );
}
