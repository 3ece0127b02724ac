import { BackendError } from "@detrkit/common";
import { type DataType, type KernelBackend, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { kernelsWasm } from "./kernels-wasm.ts";

interface Memory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

/** A function of the compiled kernels: addresses, integers and floats in, mostly nothing out. */
type Kernel = (...values: readonly number[]) => number;

// What is used of the global; TypeScript has its types in the browser's library only.
declare const WebAssembly: {
  readonly instantiate: (
    bytes: Uint8Array,
    imports: object,
  ) => Promise<{ readonly instance: { readonly exports: unknown } }>;
};

/** What of tfjs's WebAssembly backend is used here; its types leave out where its memory is. */
export interface WasmBackend extends KernelBackend {
  readonly wasm: {
    /** Exports of the module, its memory among them. The threaded build has the memory at `wasmMemory` instead. */
    readonly asm?: { readonly memory?: Memory };
    readonly wasmMemory?: Memory;
    /** Offset of new memory, as a signed number; 0 where there is none left. */
    _malloc(bytes: number): number;
    _free(offset: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
}

export type KernelName =
  | "adamW"
  | "sumOfSquares"
  | "attention"
  | "attentionGradient"
  | "attentionScratch"
  | "convolution"
  | "convolutionFilterGradient"
  | "convolutionInputGradient"
  | "deformableSampling"
  | "deformableSamplingGradient"
  | "dropout"
  | "productScratch"
  | "groupNorm"
  | "groupNormGradient"
  | "groupNormParameterGradients"
  | "layerNorm"
  | "layerNormGradient"
  | "linear"
  | "linearInputGradient"
  | "linearWeightGradient"
  | "reluGradient"
  | "sumRows"
  | "maxPool"
  | "maxPoolGradient"
  | "segmentSum";

const bytesPerMb = 2 ** 20;

/**
 * detrkit's kernels, compiled and bound to the memory of tfjs's WebAssembly backend: they read and write its tensors
 * where they are. Made by {@link loadKernels}.
 */
export class KernelModule {
  readonly run: Readonly<Record<KernelName, Kernel>>;
  readonly #backend: WasmBackend;
  readonly #memory: Memory;
  #scratch = 0;
  #scratchBytes = 0;

  constructor(backend: WasmBackend, memory: Memory, kernels: Readonly<Record<KernelName, Kernel>>) {
    this.#backend = backend;
    this.#memory = memory;
    this.run = kernels;
  }

  /** Where a tensor's values begin; 0 for one that is not there, which kernels take for "none". */
  at(tensor: TensorInfo | undefined): number {
    return tensor === undefined ? 0 : this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new tensor, not filled. */
  output(shape: readonly number[], dtype: DataType = "float32"): TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /** The first element of an integer tensor. */
  integer(tensor: TensorInfo): number {
    return new Int32Array(this.#memory.buffer, this.at(tensor), 1)[0] ?? 0;
  }

  /** The values of a float tensor; valid until memory is allocated. */
  floats(tensor: TensorInfo): Float32Array {
    return new Float32Array(this.#memory.buffer, this.at(tensor), util.sizeFromShape(tensor.shape));
  }

  /** Working memory, the same at each call; `integers` are written to its start. It is whoever's asked last. */
  scratch(bytes: number, integers: readonly number[] = []): { readonly integers: number; readonly free: number } {
    // A multiple of 16, so that vectors behind the integers are aligned.
    const head = (4 * integers.length + 15) & ~15;
    if (head + bytes > this.#scratchBytes) {
      if (this.#scratch !== 0) this.#backend.wasm._free(this.#scratch);
      // Nothing is left where the next line throws.
      [this.#scratch, this.#scratchBytes] = [0, 0];
      this.#scratch = this.#backend.wasm._malloc(head + bytes) >>> 0;
      this.#scratchBytes = head + bytes;
    }
    if (integers.length > 0) new Int32Array(this.#memory.buffer, this.#scratch, integers.length).set(integers);
    return { integers: this.#scratch, free: this.#scratch + head };
  }
}

/**
 * Compiles the kernels and gives them the backend's memory. From then on the backend throws where memory runs out; by
 * itself it would write over what lies at address 0.
 */
export async function loadKernels(backend: WasmBackend): Promise<KernelModule> {
  const memory = backend.wasm.wasmMemory ?? backend.wasm.asm?.memory;
  if (memory === undefined)
    throw new BackendError(
      "the WebAssembly backend keeps its memory where detrkit does not find it; @tensorflow/tfjs-backend-wasm 4.22 is expected",
    );
  refuseToRunOut(backend, memory);
  const { instance } = await WebAssembly.instantiate(kernelBytes(isShared(memory)), { env: { memory } });
  return new KernelModule(backend, memory, instance.exports as Readonly<Record<KernelName, Kernel>>);
}

/** Whether it is the memory of tfjs's threaded build, which pages that are isolated across origins get. */
function isShared({ buffer }: Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

/** The start of the compiled module's import section: its id and length, one import, env.memory, no limits. */
const plainImport = [2, 15, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 0, 0] as const;
/** The same of a memory that threads share, of at most 65,536 pages: such a one has to say its limit. */
const sharedImport = [2, 18, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3, 0, 128, 128, 4] as const;

/**
 * The compiled kernels. A module has to say whether the memory that it imports is shared; nothing else in it depends on
 * that, so that the declaration alone is exchanged instead of carrying all kernels twice.
 */
export function kernelBytes(shared: boolean): Uint8Array {
  const bytes = Uint8Array.from(atob(kernelsWasm), (character) => character.charCodeAt(0));
  if (!shared) return bytes;
  const at = bytes.findIndex((_, start) => plainImport.every((byte, offset) => bytes[start + offset] === byte));
  if (at < 0)
    throw new BackendError(
      "the compiled kernels import no plain memory; build them again with tools/build-backend-kernels.mjs",
    );
  return Uint8Array.from([...bytes.subarray(0, at), ...sharedImport, ...bytes.subarray(at + plainImport.length)]);
}

function refuseToRunOut({ wasm }: WasmBackend, memory: Memory): void {
  // Emscripten puts its function in place at the first call, and would remove one that took its place before.
  wasm._free(wasm._malloc(1));
  const allocate = wasm._malloc.bind(wasm);
  let isFull = false;
  wasm._malloc = (bytes) => {
    const offset = isFull ? 0 : allocate(bytes) >>> 0;
    // Near 4 GB Emscripten's addresses wrap around: it hands out memory beyond the end, and after that what others
    // hold.
    isFull ||= offset + bytes > memory.buffer.byteLength;
    if (!isFull && (offset !== 0 || bytes === 0)) return offset;
    const [asked, held] = [bytes, memory.buffer.byteLength].map((size) => (size / bytesPerMb).toFixed(0));
    throw new BackendError(
      `WebAssembly has no ${asked} MB left beside the ${held} MB it holds: take a smaller batch or smaller images, or the native backend`,
    );
  };
}
