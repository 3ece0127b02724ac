import type { OpKernels } from "../op-kernels.ts";
import { registerConvolutionGradient } from "./convolution-gradient.ts";
import { registerTensorflowConvolution } from "./native-convolution.ts";
import { registerWasmConvolution } from "./wasm-convolution.ts";

/** Convolution with bias, residual and ReLU. */
export const convolutionKernels: OpKernels = {
  registerGradient: registerConvolutionGradient,
  registerTensorflow: registerTensorflowConvolution,
  registerWasm: registerWasmConvolution,
};
