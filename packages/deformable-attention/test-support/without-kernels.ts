import { getBackend, getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Runs `work` as on a backend that has none of these kernels; the running one has all of them. */
export function withoutKernels<Result>(names: readonly string[], work: () => Result): Result {
  const configs = names.flatMap((name) => getKernel(name, getBackend()) ?? []);
  expect(configs.map(({ kernelName }) => kernelName)).toEqual(names);
  for (const { kernelName, backendName } of configs) unregisterKernel(kernelName, backendName);
  try {
    return work();
  } finally {
    for (const config of configs) registerKernel(config);
  }
}
