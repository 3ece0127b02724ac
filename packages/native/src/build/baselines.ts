import { ConfigError } from "@detrkit/common";

/**
 * Instruction sets that detrkit's kernels are compiled for, best first: each a fixed one, so that what is built on one
 * machine runs on every other. The levels of x86-64 are those of its psABI: v4 has AVX-512, v3 AVX2 and FMA, v2 SSE4.2.
 */
const baselinesByArchitecture: Readonly<Record<string, readonly Baseline[]>> = {
  x64: ["x86-64-v4", "x86-64-v3", "x86-64-v2"],
  arm64: ["armv8-a"],
};

/** As compilers name it (`-march=`). */
export type Baseline = "x86-64-v4" | "x86-64-v3" | "x86-64-v2" | "armv8-a";

/** The baselines of a processor architecture (`process.arch`), best first. */
export function baselinesOf(architecture: string): readonly Baseline[] {
  return baselinesByArchitecture[architecture] ?? [];
}

/**
 * What the kernels of a baseline are compiled with. With AVX-512 loops still become vectors of 256 bits, as compilers
 * choose for all processors that have it: rows of 64 numbers are too short for wider ones. Eigen's products use them
 * all the same.
 */
export function baselineFlags(baseline: Baseline): readonly string[] {
  return [`-march=${baseline}`, ...(baseline === "x86-64-v4" ? ["-mprefer-vector-width=256"] : [])];
}

/** What not to load any of detrkit's kernels is called in `DETRKIT_BASELINE`. */
const withoutKernels = "none";

/**
 * The baselines to try, best first: what the processor can run, or below what `DETRKIT_BASELINE` says (a baseline, or
 * `none`).
 *
 * @param processor - the best one that it can run; empty if not even the lowest
 * @throws ConfigError where the variable names no baseline, or one that this processor cannot run
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
