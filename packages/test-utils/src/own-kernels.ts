import {
  getBackend,
  getKernelsForBackend,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

function ownConfigs(): KernelConfig[] {
  return getKernelsForBackend(getBackend()).filter(({ kernelName }) => kernelName.startsWith("Detrkit"));
}

/** Names of the kernels that the running backend has from detrkit. */
export function ownKernels(): string[] {
  return ownConfigs().map(({ kernelName }) => kernelName);
}

/**
 * Takes detrkit's kernels from the running backend, so that ops compose tfjs's own.
 *
 * @returns puts them back
 */
export function removeOwnKernels(): () => void {
  const configs = ownConfigs();
  for (const { kernelName, backendName } of configs) unregisterKernel(kernelName, backendName);
  return () => configs.forEach((config) => registerKernel(config));
}
