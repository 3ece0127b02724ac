import { dirname } from "node:path";
import { BackendError, DetrkitError } from "@detrkit/common";
import { hasNvidiaGpu } from "./nvidia.ts";
import { checkAddon } from "./check-addon.ts";
import { compileAddons } from "./compile.ts";
import { AddonCheckError, type BuildSteps, ensureBuilt } from "./ensure-built.ts";
import { fetchTensorflow, findPython } from "./fetch-tensorflow.ts";
import { checkCacheFolder, libraryProblem, processorProblem, thisMachine } from "./machine-check.ts";
import { type NativeInstallation, nativeInstallation, prebuiltInstallation } from "./native-cache.ts";
import { type NativeParts, nativeParts } from "./native-parts.ts";
import type { Progress } from "./progress.ts";
import { findTool } from "./run-tool.ts";

/**
 * Makes sure that the native backend is built, and returns its paths. If the one for an NVIDIA GPU can't be built, it
 * is the one for the CPU.
 *
 * @param options - `replace`: the existing build does not load and is made again
 * @throws BackendError saying in one line what failed
 */
export async function buildNative(
  progress: Progress,
  options: { readonly replace?: boolean } = {},
): Promise<NativeInstallation> {
  if (!hasNvidiaGpu()) return buildVariant("cpu", progress, options);
  try {
    return await buildVariant("gpu", progress, options);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    progress(`no TensorFlow for the GPU (${error.message}): using the CPU's`);
    return buildVariant("cpu", progress, options);
  }
}

async function buildVariant(
  variant: "cpu" | "gpu",
  progress: Progress,
  options: { readonly replace?: boolean },
): Promise<NativeInstallation> {
  const parts = nativeParts(process.platform, process.arch, variant === "gpu");
  if ("missing" in parts) throw new BackendError(parts.missing);
  const machine = thisMachine();
  const problem = processorProblem(machine) ?? libraryProblem(machine);
  if (problem !== undefined) throw new BackendError(problem);
  const own = nativeInstallation(variant);
  const steps = stepsFor(parts, own);
  const prebuilt = variant === "gpu" || options.replace ? undefined : prebuiltInstallation(own);
  if (prebuilt !== undefined) {
    try {
      await ensureBuilt(prebuilt, steps, progress);
      return prebuilt;
    } catch (error) {
      if (!(error instanceof AddonCheckError)) throw error;
      progress(`${error.message}: compiling them here instead of taking those of ${prebuilt.folder}`);
    }
  }
  await ensureBuilt(own, steps, progress, options);
  return own;
}

/** The user's choice (the variable that make uses), or the first compiler that is found. */
function findCompiler(): Promise<string | undefined> {
  return findTool([...(process.env["CXX"] ? [process.env["CXX"]] : []), "g++", "clang++", "c++"]);
}

function stepsFor(parts: NativeParts, { tensorflow, log }: NativeInstallation): BuildSteps {
  return {
    async prepare(needs) {
      const compiler = needs.compiler ? await findCompiler() : undefined;
      if (needs.compiler && compiler === undefined)
        throw new BackendError("no C++ compiler found: install g++ (Debian: apt-get install g++)");
      const python = needs.python ? await findPython() : undefined;
      if (needs.python && python === undefined)
        throw new BackendError("no Python with pip found: install both (Debian: apt-get install python3-pip)");
      await checkCacheFolder(dirname(tensorflow), needs.python ? parts.bytes : 0);
      return { compiler, python };
    },
    fetchTensorflow: ({ python = "python3" }, folder, progress, signal) =>
      fetchTensorflow(python, parts, folder, { progress, signal, log }),
    compile: ({ compiler = "c++" }, made, progress, signal) => {
      progress(`compiling the addon and detrkit's kernels with ${compiler} (a minute or two, once)`);
      return compileAddons(compiler, made, signal);
    },
    check: checkAddon,
  };
}
