import { BackendError, DetrkitError } from "@detrkit/common";
import { tensorflowBackend, type TensorflowBackend } from "@detrkit/nn/tfjs-internals";
import { enableProdMode, findBackend, ready, registerBackend, setBackend } from "@tensorflow/tfjs-core";
import type { LoadedKernels } from "./addon/load-kernels.ts";
import { createNodeBackend, type NodeBackend } from "./addon/tfjs-node.ts";
import { buildNative } from "./build/build-native.ts";
import type { Progress } from "./build/progress.ts";
import { nativeBackendName } from "./native/define-kernel.ts";
import { registerNativeKernels } from "./native/register-kernels.ts";

/** TensorFlow's native library as it runs in this process. */
export interface NativeBackend extends LoadedKernels {
  /** Version of TensorFlow. */
  readonly tensorflow: string;
  readonly gpu: boolean;
  /** Whether oneDNN's fused convolution runs on this processor. */
  readonly oneDnn: boolean;
}

/**
 * Makes TensorFlow's native library the backend of tfjs, with detrkit's kernels. Builds it first if needed.
 *
 * @param progress - called with each step of the build, and with kernels that are missing
 * @returns undefined if another package has already made a backend of that name, which runs then
 * @throws BackendError saying in one line what failed
 */
export async function startNativeBackend(progress: Progress): Promise<NativeBackend | undefined> {
  // Otherwise tfjs prints a greeting, and can check every result for NaN.
  enableProdMode();
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  await import("@detrkit/nn/gradients");
  await import("@tensorflow/tfjs-backend-cpu");
  const backend = await activated(progress);
  if (!isOurs(backend)) return undefined;
  const { baseline, stepDown } = backend.kernels;
  if (stepDown !== undefined) progress(stepDown);
  const { oneDnn } = registerNativeKernels(backend, baseline !== undefined);
  const { binding } = backend;
  return { tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice(), oneDnn, baseline, stepDown };
}

async function activated(progress: Progress): Promise<TensorflowBackend | undefined> {
  try {
    // tfjs warns about a second registration; a second start returns the running one.
    if (findBackend(nativeBackendName) === null) {
      const node = await loadOrRebuild(progress);
      registerBackend(nativeBackendName, () => node, 3);
    }
    if (!(await setBackend(nativeBackendName)))
      throw new BackendError(`tfjs could not start its backend "${nativeBackendName}"`);
    await ready();
    return tensorflowBackend();
  } catch (error) {
    if (DetrkitError.isInstance(error)) throw error;
    throw new BackendError(`the native backend does not load: ${messageOf(error)}`, { cause: error });
  }
}

function isOurs(backend: TensorflowBackend | undefined): backend is NodeBackend {
  return backend !== undefined && "kernels" in backend;
}

async function loadOrRebuild(progress: Progress): Promise<NodeBackend> {
  const installation = await buildNative(progress);
  try {
    return createNodeBackend(installation);
  } catch (error) {
    if (DetrkitError.isInstance(error)) throw error;
    progress(`the cached native backend does not load (${messageOf(error)}): building it again`);
    return createNodeBackend(await buildNative(progress, { replace: true }));
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1).join();
}
