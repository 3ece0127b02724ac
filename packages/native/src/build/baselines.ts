import { ConfigError } from "@detrkit/common";

/**
 * Instruction sets that detrkit's kernels are compiled for, best first. They are fixed, so that a build of one machine
 * runs on every other. The levels of x86-64 are those of its psABI: v4 has AVX-512, v3 AVX2 and FMA, v2 SSE4.2.
 */
const baselinesByArchitecture: Readonly<Record<string, readonly Baseline[]>> = {
  x64: ["x86-64-v4", "x86-64-v3", "x86-64-v2"],
  arm64: ["armv8-a"],
};

/** The name that compilers use (`-march=`). */
export type Baseline = "x86-64-v4" | "x86-64-v3" | "x86-64-v2" | "armv8-a";

/** The baselines of a processor architecture (`process.arch`), best first. */
export function baselinesOf(architecture: string): readonly Baseline[] {
  return baselinesByArchitecture[architecture] ?? [];
}

/**
 * Compiler flags for the kernels of a baseline. With AVX-512 loops still use vectors of 256 bits, the default of
 * compilers: rows of 64 numbers are too short for wider ones. Eigen's products use the wide ones nevertheless.
 */
export function baselineFlags(baseline: Baseline): readonly string[] {
  return [`-march=${baseline}`, ...(baseline === "x86-64-v4" ? ["-mprefer-vector-width=256"] : [])];
}

/** Value of `DETRKIT_BASELINE` that loads none of detrkit's kernels. */
const withoutKernels = "none";

/**
 * The baselines to try, best first: those that the processor can run, limited by `DETRKIT_BASELINE` (a baseline, or
 * `none`).
 *
 * @param processor - the best one that it can run; empty if it is below the lowest
 * @throws ConfigError if the variable names no baseline, or one that this processor cannot run
 */
export function usableBaselines(
  architecture: string,
  processor: string,
  forced: string | undefined,
): readonly Baseline[] {
  const all = baselinesOf(architecture);
  const best = all.findIndex((baseline) => baseline === processor);
  const usable = best < 0 ? [] : all.slice(best);
  if (forced === undefined || forced === "") return usable;
  if (forced === withoutKernels) return [];
  const from = usable.findIndex((baseline) => baseline === forced);
  if (from >= 0) return usable.slice(from);
  const choices = [...usable, withoutKernels].join(", ");
  const reason = all.some((baseline) => baseline === forced) ? "which this processor can't run" : "which is none";
  throw new ConfigError(`DETRKIT_BASELINE=${forced}, ${reason}: expected one of ${choices}`);
}
