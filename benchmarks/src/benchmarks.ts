import type { Benchmark } from "./benchmark.ts";
import { data } from "./benchmarks/data.ts";
import { deformableInference } from "./benchmarks/deformable-inference.ts";
import { deformableOpTraining } from "./benchmarks/deformable-op-training.ts";
import { deformableOp } from "./benchmarks/deformable-op.ts";
import { deformableTraining } from "./benchmarks/deformable-training.ts";
import { detrInference } from "./benchmarks/detr-inference.ts";
import { detrSegmInference } from "./benchmarks/detr-segm-inference.ts";
import { detrSegmTraining } from "./benchmarks/detr-segm-training.ts";
import { detrTraining } from "./benchmarks/detr-training.ts";
import { evaluator } from "./benchmarks/evaluator.ts";
import { matcher } from "./benchmarks/matcher.ts";
import { onnxruntimeInference } from "./benchmarks/onnxruntime-inference.ts";
import { panopticEvaluator } from "./benchmarks/panoptic-evaluator.ts";
import { serving } from "./benchmarks/serving.ts";
import { smallTraining } from "./benchmarks/small-training.ts";
import { trainThroughput } from "./benchmarks/train-throughput.ts";
import { wasmTraining } from "./benchmarks/wasm-training.ts";

/** Every comparison, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  matcher,
  evaluator,
  panopticEvaluator,
  data,
  detrInference,
  onnxruntimeInference,
  detrTraining,
  detrSegmInference,
  detrSegmTraining,
  smallTraining,
  trainThroughput,
  deformableOp,
  deformableOpTraining,
  deformableInference,
  deformableTraining,
  wasmTraining,
  serving,
];
