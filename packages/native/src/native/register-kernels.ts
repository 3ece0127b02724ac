import { convolutionKernel } from "@detrkit/nn/kernels";
import { saveByReference, type TensorflowBackend } from "@detrkit/nn/tfjs-internals";
import { getKernel } from "@tensorflow/tfjs-core";
import { registerKernelGradients } from "../gradients/register-gradients.ts";
import { oneDnnConvolutionRuns } from "../ops/convolution/native-convolution.ts";
import { ops } from "../ops/index.ts";
import { attributeWriter } from "./attributes.ts";
import { nativeBackendName } from "./define-kernel.ts";

/**
 * Registers kernels that make tfjs-node faster with any TensorFlow, and detrkit's kernels if the process has them, with
 * their gradients. For the native backend, which must be the running one.
 */
export function registerNativeKernels(backend: TensorflowBackend, hasKernels: boolean): { readonly oneDnn: boolean } {
  saveByReference();
  // Our kernels are written for the CPU; on a GPU the ops are composed of TensorFlow's own.
  if (backend.binding.isUsingGpuDevice()) return { oneDnn: false };
  const oneDnn = oneDnnConvolutionRuns(backend, attributeWriter(backend.binding, convolutionKernel));
  // tfjs warns about a second registration.
  if (getKernel(convolutionKernel, nativeBackendName) !== undefined) return { oneDnn };
  registerKernelGradients();
  for (const { registerTensorflow } of ops) registerTensorflow?.(oneDnn);
  if (hasKernels) for (const { registerNative } of ops) registerNative?.();
  return { oneDnn };
}
