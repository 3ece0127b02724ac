import { linearKernel } from "@detrkit/nn/kernels";
import { recordFirstOutputs } from "@detrkit/nn/tfjs-internals";
import { getGradient } from "@tensorflow/tfjs-core";
import { ops } from "../ops/index.ts";
import { registerLeanGradients } from "./lean-gradients.ts";

/**
 * Tells tfjs how detrkit's kernels are differentiated, on whichever backend has them: each by another kernel of that
 * backend. Done once, however many backends are started.
 */
export function registerKernelGradients(): void {
  if (getGradient(linearKernel) !== undefined) return;
  registerLeanGradients();
  recordFirstOutputs(ops.flatMap(({ recordsFirstOutput = [] }) => recordsFirstOutput));
  for (const { registerGradient } of ops) registerGradient?.();
}
