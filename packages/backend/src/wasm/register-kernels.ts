import { fusedKernels } from "@detrkit/nn";
import { getKernel } from "@tensorflow/tfjs-core";
import { registerKernelGradients } from "../gradients/register-gradients.ts";
import { saveByReference } from "../gradients/save-by-reference.ts";
import { wasmBackendName } from "./define-kernel.ts";
import { loadKernels, type WasmBackend } from "./kernel-module.ts";
import { registerAdamW } from "./kernels/adamw.ts";
import { registerAttention } from "./kernels/attention.ts";
import { registerConvolution } from "./kernels/convolution.ts";
import { correctKernels } from "./kernels/corrected.ts";
import { registerDeformableSampling } from "./kernels/deformable-sampling.ts";
import { registerDropout } from "./kernels/dropout.ts";
import { registerLinear } from "./kernels/linear.ts";
import { registerMaxPool } from "./kernels/max-pool.ts";
import { registerMissingKernels } from "./kernels/missing.ts";
import { registerGroupNorm, registerLayerNorm } from "./kernels/norms.ts";

/** Registers detrkit's kernels and their gradients for tfjs's WebAssembly backend, which must be the running one. */
export async function registerWasmKernels(backend: WasmBackend): Promise<void> {
  // tfjs complains about a second registration.
  if (getKernel(fusedKernels.linear, wasmBackendName) !== undefined) return;
  const module = await loadKernels(backend);
  saveByReference(backend);
  registerKernelGradients();
  registerConvolution(module);
  registerLayerNorm(module);
  registerGroupNorm(module);
  registerMaxPool(module);
  registerLinear(module);
  registerAttention(module);
  registerDropout(module);
  registerAdamW(module);
  registerDeformableSampling(module);
  registerMissingKernels(module);
  correctKernels();
}
