import type { KernelModule } from "../wasm/kernel-module.ts";

/**
 * What one op brings: its gradient, and its kernels for each backend that has some. Where a backend has none, the op
 * composes tfjs-core's.
 */
export interface OpKernels {
  /** Tells tfjs how the op is differentiated: by another kernel of whichever backend runs. */
  readonly registerGradient?: () => void;
  /** Kernels of which only the first output is the result; the others are there for the gradient. */
  readonly recordsFirstOutput?: readonly string[];
  /** For the native backend: kernels of our own, in the C++ file beside. */
  readonly registerNative?: () => void;
  /** For the native backend: kernels made of TensorFlow's own, oneDNN's where they run. */
  readonly registerTensorflow?: (oneDnn: boolean) => void;
  /** For the WebAssembly backend: kernels of our own, in the AssemblyScript file beside. */
  readonly registerWasm?: (module: KernelModule) => void;
}
