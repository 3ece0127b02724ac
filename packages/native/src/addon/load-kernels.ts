import { type Baseline, usableBaselines } from "../build/baselines.ts";
import type { NativeInstallation } from "../build/native-cache.ts";
import type { Binding } from "./tfjs-node.ts";

/** The kernels of detrkit that a process has loaded. */
export interface LoadedKernels {
  /** The baseline they are compiled for; undefined if only TensorFlow's own kernels run. */
  readonly baseline: Baseline | undefined;
  /** Why they are not the best that this processor can run, and what that costs; undefined if they are. */
  readonly stepDown: string | undefined;
}

// Measured on a small model's training steps: docs/backends.md, "What a step down costs".
const costs: Readonly<Record<Baseline | "none", string>> = {
  "x86-64-v4": "full speed",
  "x86-64-v3": "about a tenth slower",
  "x86-64-v2": "less than twice as slow",
  "armv8-a": "full speed",
  none: "about three times as slow in training",
};

/**
 * Loads the kernels of the best baseline that this processor can run and whose library exists and loads. The first
 * library that a process loads stays, also for later calls.
 *
 * @throws ConfigError if `DETRKIT_BASELINE` asks for a baseline that this processor cannot run
 */
export function loadKernels(
  binding: Binding,
  { kernels, log }: Pick<NativeInstallation, "kernels" | "log">,
): LoadedKernels {
  const { processorBaseline } = binding;
  const usable = usableBaselines(process.arch, processorBaseline, process.env["DETRKIT_BASELINE"]);
  const reasons: string[] = [];
  const loaded =
    [...kernels].find(([, path]) => path === binding.loadedKernels())?.[0] ??
    usable.find((baseline) => loads(binding, kernels, baseline, reasons));
  if (loaded === processorBaseline) return { baseline: loaded, stepDown: undefined };
  const what = loaded === undefined ? "TensorFlow's kernels, without detrkit's" : `kernels for ${loaded}`;
  const why =
    reasons[0] ??
    (process.env["DETRKIT_BASELINE"] ? `DETRKIT_BASELINE=${process.env["DETRKIT_BASELINE"]}` : "this processor");
  const more = reasons.length > 0 ? ` (${log})` : "";
  return { baseline: loaded, stepDown: `${what}, ${costs[loaded ?? "none"]}: ${why}${more}` };
}

function loads(
  binding: Binding,
  kernels: NativeInstallation["kernels"],
  baseline: Baseline,
  reasons: string[],
): boolean {
  try {
    binding.loadKernels(kernels.get(baseline) ?? "");
    return true;
  } catch (error) {
    const { message } = error as Error;
    reasons.push(
      message.includes("No such file")
        ? `those for ${baseline} did not compile`
        : `those for ${baseline} do not load: ${message}`,
    );
    return false;
  }
}
