import { getBackend, getKernelsForBackend, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Names of the kernels that the running backend has from detrkit. */
export function ownKernels(): string[] {
  const names = getKernelsForBackend(getBackend()).map(({ kernelName }) => kernelName);
  return names.filter((name) => name.startsWith("Detrkit"));
}

/**
 * Takes kernels from the running backend, detrkit's or those named, so that ops compose tfjs's own.
 *
 * @returns puts them back
 */
export function removeOwnKernels(names: readonly string[] = ownKernels()): () => void {
  const configs = getKernelsForBackend(getBackend()).filter(({ kernelName }) => names.includes(kernelName));
  for (const { kernelName, backendName } of configs) unregisterKernel(kernelName, backendName);
  return () => configs.forEach((config) => registerKernel(config));
}

/** Runs `work` as on a backend that has none of these kernels; the running one has to have all of them. */
export function withoutKernels<Result>(work: () => Result, names: readonly string[] = ownKernels()): Result {
  expect(names.length, "detrkit's kernels are registered").toBeGreaterThan(0);
  expect(ownKernels()).toEqual(expect.arrayContaining([...names]));
  const putBack = removeOwnKernels(names);
  try {
    return work();
  } finally {
    putBack();
  }
}
