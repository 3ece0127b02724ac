import { BackendError } from "@detrkit/common";
import type { LinearMemory, WasmMemory } from "@detrkit/nn/tfjs-internals";
import { type DataType, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type KernelName, kernelsWasm } from "./kernels-wasm.ts";

/** A function of the compiled kernels: addresses, integers and floats in, mostly nothing out. */
type Kernel = (...values: readonly number[]) => number;

// The part of the global that is used; TypeScript declares its types only in the browser's library.
declare const WebAssembly: {
  readonly instantiate: (
    bytes: Uint8Array,
    imports: object,
  ) => Promise<{ readonly instance: { readonly exports: unknown } }>;
};

/**
 * detrkit's kernels, compiled and bound to the memory of tfjs's WebAssembly backend: they read and write its tensors
 * where they are. Made by {@link loadKernels}.
 */
export class KernelModule {
  readonly run: Readonly<Record<KernelName, Kernel>>;
  readonly #memory: WasmMemory;
  #scratch = 0;
  #scratchBytes = 0;

  constructor(memory: WasmMemory, kernels: Readonly<Record<KernelName, Kernel>>) {
    this.#memory = memory;
    this.run = kernels;
  }

  /** Where a tensor's values begin; 0 for a missing one, which kernels treat as "none". */
  at(tensor: TensorInfo | undefined): number {
    return tensor === undefined ? 0 : this.#memory.offsetOf(tensor);
  }

  /** A new tensor, not filled. */
  output(shape: readonly number[], dtype: DataType = "float32"): TensorInfo {
    return this.#memory.makeTensor(shape, dtype);
  }

  /** Frees an {@link output} that nobody else has. */
  dispose(tensor: TensorInfo): void {
    this.#memory.disposeTensor(tensor);
  }

  /** The first element of an integer tensor. */
  integer(tensor: TensorInfo): number {
    return new Int32Array(this.#buffer, this.at(tensor), 1)[0] ?? 0;
  }

  /** The values of an integer tensor; valid until memory is allocated. */
  integers(tensor: TensorInfo): Int32Array {
    return new Int32Array(this.#buffer, this.at(tensor), util.sizeFromShape(tensor.shape));
  }

  /** The values of a float tensor; valid until memory is allocated. */
  floats(tensor: TensorInfo): Float32Array {
    return new Float32Array(this.#buffer, this.at(tensor), util.sizeFromShape(tensor.shape));
  }

  /** Working memory, the same at each call, so it is valid until the next call; `integers` are written to its start. */
  scratch(bytes: number, integers: readonly number[] = []): { readonly integers: number; readonly free: number } {
    // A multiple of 16, so that vectors after the integers are aligned.
    const head = (4 * integers.length + 15) & ~15;
    if (head + bytes > this.#scratchBytes) {
      if (this.#scratch !== 0) this.#memory.free(this.#scratch);
      // Nothing is left if the next line throws.
      [this.#scratch, this.#scratchBytes] = [0, 0];
      this.#scratch = this.#memory.allocate(head + bytes);
      this.#scratchBytes = head + bytes;
    }
    if (integers.length > 0) new Int32Array(this.#buffer, this.#scratch, integers.length).set(integers);
    return { integers: this.#scratch, free: this.#scratch + head };
  }

  get #buffer(): ArrayBuffer | SharedArrayBuffer {
    return this.#memory.memory.buffer;
  }
}

/** Compiles the kernels and gives them the backend's memory. From then on the backend throws when memory runs out. */
export async function loadKernels(memory: WasmMemory): Promise<KernelModule> {
  memory.refuseToRunOut();
  const bytes = kernelBytes(isShared(memory.memory));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: memory.memory } });
  return new KernelModule(memory, instance.exports as Readonly<Record<KernelName, Kernel>>);
}

/** Whether it is the memory of tfjs's threaded build, which pages that are isolated across origins get. */
function isShared({ buffer }: LinearMemory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

/** The start of the compiled module's import section: its id and length, one import, env.memory, no limits. */
const plainImport = [2, 15, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 0, 0] as const;
/** The same of a memory that threads share, of at most 65,536 pages: such a memory has to declare its limit. */
const sharedImport = [2, 18, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3, 0, 128, 128, 4] as const;

/**
 * The compiled kernels. A module has to say whether the memory that it imports is shared; nothing else in it depends on
 * that, so only this declaration is replaced instead of shipping all kernels twice.
 */
export function kernelBytes(shared: boolean): Uint8Array {
  const bytes = Uint8Array.from(atob(kernelsWasm), (character) => character.charCodeAt(0));
  if (!shared) return bytes;
  const at = bytes.findIndex((_, start) => plainImport.every((byte, offset) => bytes[start + offset] === byte));
  if (at < 0)
    throw new BackendError(
      "the compiled kernels do not import plain memory; build them again with tools/build-backend-kernels.mjs",
    );
  return Uint8Array.from([...bytes.subarray(0, at), ...sharedImport, ...bytes.subarray(at + plainImport.length)]);
}
