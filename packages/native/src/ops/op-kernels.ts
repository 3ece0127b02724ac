import type { KernelModule } from "../wasm/kernel-module.ts";

/**
 * The parts of one op: its gradient, and its kernels for each backend that has some. On other backends the op is
 * composed of tfjs-core's ops.
 */
export interface OpKernels {
  /** Registers the op's gradient with tfjs: another kernel of the running backend. */
  readonly registerGradient?: () => void;
  /** Kernels of which only the first output is the result; the others are for the gradient. */
  readonly recordsFirstOutput?: readonly string[];
  /** For the native backend: our own kernels, in the C++ file of the same folder. */
  readonly registerNative?: () => void;
  /** For the native backend: kernels composed of TensorFlow's own, of oneDNN's where they run. */
  readonly registerTensorflow?: (oneDnn: boolean) => void;
  /** For the WebAssembly backend: our own kernels, in the AssemblyScript file of the same folder. */
  readonly registerWasm?: (module: KernelModule) => void;
}
