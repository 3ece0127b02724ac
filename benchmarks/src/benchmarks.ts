import type { Benchmark } from "./benchmark.ts";
import { detrInference } from "./benchmarks/detr-inference.ts";
import { detrTraining } from "./benchmarks/detr-training.ts";
import { smallTraining } from "./benchmarks/small-training.ts";

/** Every comparison, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [detrInference, detrTraining, smallTraining];
