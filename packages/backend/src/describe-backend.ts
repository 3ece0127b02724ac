import { availableParallelism, cpus } from "node:os";
import { instructionSets, nvidiaDriver } from "@detrkit/native";
import type { StartedBackend } from "./start-backend.ts";

/** Machine and backend as `detrkit doctor` shows them. */
export interface BackendDescription {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
  readonly instructionSets: readonly string[];
  readonly backend: StartedBackend;
  readonly gpu: string | undefined;
  /** What prevents full speed, and what to do about it. */
  readonly advice: readonly string[];
}

/** Describes the machine as a backend sees it. */
export function describeBackend(backend: StartedBackend): BackendDescription {
  const limit = Number(process.env["TF_NUM_INTRAOP_THREADS"] ?? 0);
  const gpu = nvidiaDriver();
  const sets = instructionSets();
  const advice: string[] = [];
  const native = "it needs g++ and Python 3 with pip; `detrkit doctor` says what failed; then DETRKIT_RETRY=1";
  if (backend.name === "wasm") advice.push(`the native backend is several times faster: ${native}`);
  if (backend.name === "cpu") advice.push(`the native backend is hundreds of times faster: ${native}`);
  if (backend.native?.stepDown !== undefined && !backend.native.gpu) advice.push(backend.native.stepDown);
  if (backend.native?.oneDnn === false && !backend.native.gpu)
    advice.push(
      "oneDNN's fused convolution does not run on this processor: convolutions take the slower general kernels",
    );
  if (gpu !== undefined && backend.native?.gpu !== true)
    advice.push("an NVIDIA driver is loaded but TensorFlow doesn't use the GPU: see docs/backends.md");
  if (process.arch === "x64" && sets.length > 0 && !sets.includes("avx2"))
    advice.push("this processor has no AVX2: training will be slow");
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? "unknown",
    threads: limit > 0 ? limit : availableParallelism(),
    instructionSets: sets,
    backend,
    gpu,
    advice,
  };
}
