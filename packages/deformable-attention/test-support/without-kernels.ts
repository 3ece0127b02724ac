import { getBackend, getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Runs `work` as if the running backend had none of these kernels. */
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
