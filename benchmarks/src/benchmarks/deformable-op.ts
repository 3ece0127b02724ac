import { join } from "node:path";
import type { Benchmark, BenchmarkCase, BenchmarkContext } from "../benchmark.ts";
import { type DeformableSize, deformableInputs } from "../deformable-inputs.ts";

/** Deformable DETR's encoder at 800×1066: strides 8, 16, 32 and 64. */
const encoder: DeformableSize = {
  levelShapes: [
    { height: 100, width: 134 },
    { height: 50, width: 67 },
    { height: 25, width: 34 },
    { height: 13, width: 17 },
  ],
  heads: 8,
  points: 4,
  dim: 256,
};

/** @param gradients - whether the op's three gradients are part of the work */
export async function encoderCase({ cache }: BenchmarkContext, gradients: boolean): Promise<BenchmarkCase> {
  const results = join(cache, "benchmarks", `deformable-results-${process.pid}.f32`);
  return {
    name: "encoder of 800x1066, 17,821 queries",
    settings: { ...encoder, ...(await deformableInputs(cache, encoder)), gradients, results },
  };
}

export const deformableOp: Benchmark = {
  name: "deformable-op",
  title: "multi-scale deformable attention's sampling, forward",
  peerName: "PyTorch, composed with grid_sample",
  ours: "deformable-op.ts",
  peer: "deformable_op.py",
  runs: 11,
  quickRuns: 3,
  warmups: 2,
  overall: "worst",
  cases: async (context) => [await encoderCase(context, false)],
};
