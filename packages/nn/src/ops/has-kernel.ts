import { getBackend, getKernel } from "@tensorflow/tfjs-core";

/**
 * Whether the running backend has this kernel of detrkit's. A kernel fuses what would otherwise be many small ops;
 * without it the op is composed of tfjs-core's ops. The op defines the kernel's name, which begins with "Detrkit", and
 * its inputs, attributes and outputs.
 */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}
