import { getBackend, getKernel } from "@tensorflow/tfjs-core";

/**
 * Whether the running backend has this kernel beside tfjs's own. A kernel fuses what would otherwise be many small ops;
 * an op uses its own where there is one, and composes tfjs-core's ops where not. The op owns the kernel's name, which
 * begins with "Detrkit", and says what inputs, attributes and outputs are.
 */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}
