import { BackendError, DetrkitError } from "@detrkit/common";
import { hasNvidiaGpu } from "../nvidia.ts";
import { checkAddon } from "./check-addon.ts";
import { compileAddons } from "./compile.ts";
import { type BuildSteps, ensureBuilt } from "./ensure-built.ts";
import { fetchTensorflow, findPython } from "./fetch-tensorflow.ts";
import { type NativeInstallation, nativeInstallation } from "./native-cache.ts";
import { type NativeParts, nativeParts } from "./native-parts.ts";
import type { Progress } from "./progress.ts";
import { findTool } from "./run-tool.ts";

/**
 * Makes sure that the native backend for this machine is built, and returns its paths. Where the one for an NVIDIA GPU can't
 * be had, it is the one for the CPU.
 *
 * @param options - `replace`: what is there does not load and is made again
 * @throws BackendError saying in one line what can't be done here
 */
export async function buildNative(progress: Progress, options: { readonly replace?: boolean } = {}): Promise<NativeInstallation> {
  if (!hasNvidiaGpu()) return buildVariant("cpu", progress, options);
  try {
    return await buildVariant("gpu", progress, options);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    progress(`no TensorFlow for the GPU (${error.message}): taking the CPU's`);
    return buildVariant("cpu", progress, options);
  }
}

async function buildVariant(variant: "cpu" | "gpu", progress: Progress, options: { readonly replace?: boolean }): Promise<NativeInstallation> {
  const parts = nativeParts(process.platform, process.arch, variant === "gpu");
  if ("missing" in parts) throw new BackendError(parts.missing);
  const installation = nativeInstallation(variant);
  await ensureBuilt(installation, stepsFor(parts), progress, options);
  return installation;
}

function stepsFor(parts: NativeParts): BuildSteps {
  return {
    async prepare(needsTensorflow) {
      const compiler = await findTool(["g++", "clang++", "c++"]);
      if (compiler === undefined) throw new BackendError("no C++ compiler found: install g++ (Debian: apt-get install g++)");
      const python = needsTensorflow ? await findPython() : undefined;
      if (needsTensorflow && python === undefined) throw new BackendError("no Python with pip found: install both (Debian: apt-get install python3-pip)");
      return { compiler, python };
    },
    fetchTensorflow: ({ python = "python3" }, folder, progress, signal) => fetchTensorflow(python, parts, folder, progress, signal),
    compile: ({ compiler }, installation, progress, signal) => {
      progress(`compiling the addon and detrkit's kernels with ${compiler} (a minute or two, once)`);
      return compileAddons(compiler, installation, signal);
    },
    check: checkAddon,
  };
}
