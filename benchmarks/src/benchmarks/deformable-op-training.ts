import type { Benchmark } from "../benchmark.ts";
import { deformableOp, encoderCase } from "./deformable-op.ts";

export const deformableOpTraining: Benchmark = {
  ...deformableOp,
  name: "deformable-op-training",
  title: "multi-scale deformable attention's sampling, forward and all three gradients",
  runs: 9,
  cases: async (context) => [await encoderCase(context, true)],
};
