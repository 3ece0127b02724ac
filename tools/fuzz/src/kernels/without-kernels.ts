import { type FusedKernel, fusedKernels } from "@detrkit/nn";
import { getBackend, getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";

/** Runs `work` as on a backend that has none of detrkit's kernels: the ops compose tfjs's own. */
export async function withoutKernels<Result>(work: () => Promise<Result>): Promise<Result> {
  const configs = Object.values(fusedKernels).flatMap((name: FusedKernel) => getKernel(name, getBackend()) ?? []);
  for (const { kernelName, backendName } of configs) unregisterKernel(kernelName, backendName);
  try {
    return await work();
  } finally {
    for (const config of configs) registerKernel(config);
  }
}
