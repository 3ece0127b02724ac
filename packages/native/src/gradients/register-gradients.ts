import { linearKernel } from "@detrkit/nn/kernels";
import { recordFirstOutputs } from "@detrkit/nn/tfjs-internals";
import { getGradient } from "@tensorflow/tfjs-core";
import { ops } from "../ops/index.ts";
import { registerLeanGradients } from "./lean-gradients.ts";

/**
 * Registers the gradients of detrkit's kernels with tfjs, for every backend that has them: each is another kernel of
 * the same backend. It is done once, whatever the number of backends started.
 */
export function registerKernelGradients(): void {
  if (getGradient(linearKernel) !== undefined) return;
  registerLeanGradients();
  recordFirstOutputs(ops.flatMap(({ recordsFirstOutput = [] }) => recordsFirstOutput));
  for (const { registerGradient } of ops) registerGradient?.();
}
