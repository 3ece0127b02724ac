import { BackendError } from "@detrkit/common";
import { backend, type DataType, type KernelBackend, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";

/** Whether nothing else holds a tensor's memory: no clone of it, and nothing saved for a gradient. */
export function holdsMemoryAlone({ dataId }: TensorInfo): boolean {
  return backend().refCount(dataId) === 1;
}

/** One attribute of a TensorFlow op, as tfjs-node's addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

/** The part of tfjs-node's addon that is used. */
export interface TensorflowBinding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
  /** Whether tensors are computed on a GPU. */
  isUsingGpuDevice(): boolean;
  /** Returns memory that was freed but kept for the next step to the system. Only detrkit's own addon has it. */
  trimMemory?(): void;
}

/** The part of tfjs-node's backend that is used: it runs TensorFlow's ops by name. */
export interface TensorflowBackend extends KernelBackend {
  readonly binding: TensorflowBinding;
  /** Runs an op that has one output. */
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly TensorInfo[]): Tensor;
  /** Runs an op that has `numOutputs` outputs. */
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
}

/** The running backend, where it is tfjs-node's; else undefined. */
export function tensorflowBackend(): TensorflowBackend | undefined {
  const running = backend() as Partial<TensorflowBackend>;
  return running.binding === undefined ? undefined : (running as TensorflowBackend);
}

/** WebAssembly memory. TypeScript declares its type only in the browser's library. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

/** The part of tfjs's WebAssembly backend that is used here; tfjs's types leave out its memory. */
interface WasmBackend {
  readonly wasm?: {
    /** Exports of the module, its memory among them. The threaded build has the memory at `wasmMemory` instead. */
    readonly asm?: { readonly memory?: LinearMemory };
    readonly wasmMemory?: LinearMemory;
    /** Offset of new memory, as a signed number; 0 where there is none left. */
    _malloc(bytes: number): number;
    _free(offset: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
}

const bytesPerMb = 2 ** 20;

/** The memory of tfjs's WebAssembly backend, in which its tensors are: for kernels that read and write them there. */
export class WasmMemory {
  readonly memory: LinearMemory;
  readonly #backend: WasmBackend;
  readonly #wasm: NonNullable<WasmBackend["wasm"]>;

  /**
   * Of the running backend.
   *
   * @throws BackendError if it is another backend, or its memory is not found
   */
  constructor() {
    this.#backend = backend() as unknown as WasmBackend;
    const { wasm } = this.#backend;
    const memory = wasm?.wasmMemory ?? wasm?.asm?.memory;
    if (wasm === undefined || memory === undefined)
      throw new BackendError(
        "the memory of the WebAssembly backend was not found; @tensorflow/tfjs-backend-wasm 4.22 is expected",
      );
    this.#wasm = wasm;
    this.memory = memory;
  }

  /** Where a tensor's values begin. */
  offsetOf({ dataId }: TensorInfo): number {
    return this.#backend.dataIdMap.get(dataId).memoryOffset;
  }

  /** A new tensor, not filled. */
  makeTensor(shape: readonly number[], dtype: DataType): TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /** Frees a tensor of {@link makeTensor} that nobody else has. */
  disposeTensor({ dataId }: TensorInfo): void {
    this.#backend.disposeData(dataId);
  }

  /** Offset of new memory; 0 where there is none left, unless {@link refuseToRunOut} was called. */
  allocate(bytes: number): number {
    return this.#wasm._malloc(bytes) >>> 0;
  }

  /** Frees memory of {@link allocate}. */
  free(offset: number): void {
    this.#wasm._free(offset);
  }

  /** Makes the backend throw when memory runs out; by default it would overwrite what lies at address 0. */
  refuseToRunOut(): void {
    const wasm = this.#wasm;
    // Emscripten installs its function at the first call, and would replace one installed before that.
    wasm._free(wasm._malloc(1));
    const allocate = wasm._malloc.bind(wasm);
    let isFull = false;
    wasm._malloc = (bytes) => {
      const offset = isFull ? 0 : allocate(bytes) >>> 0;
      // Near 4 GB Emscripten's addresses wrap around: it returns memory beyond the end, and after that memory that is
      // in use.
      isFull ||= offset + bytes > this.memory.buffer.byteLength;
      if (!isFull && (offset !== 0 || bytes === 0)) return offset;
      const [asked, held] = [bytes, this.memory.buffer.byteLength].map((size) => (size / bytesPerMb).toFixed(0));
      throw new BackendError(
        `WebAssembly has no ${asked} MB left in addition to the ${held} MB in use: ` +
          "take a smaller batch or smaller images, or the native backend",
      );
    };
  }
}
