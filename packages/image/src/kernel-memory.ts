import { imageKernelsWasm } from "./image-kernels-wasm.ts";
import type { ResizeCoefficients } from "./resize-coefficients.ts";

interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

// What is used of the global; TypeScript has its types in the browser's library only.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: Memory;
  readonly resizeRows: (
    source: number,
    target: number,
    rows: number,
    sourceStride: number,
    width: number,
    firsts: number,
    counts: number,
    weights: number,
    taps: number,
  ) => void;
  readonly resizeColumns: (
    source: number,
    target: number,
    rows: number,
    stride: number,
    firsts: number,
    counts: number,
    weights: number,
    taps: number,
  ) => void;
  readonly normalise: (source: number, target: number, pixels: number, table: number) => void;
}

/** Where a table of coefficients lies in the kernels' memory. */
export interface PlacedCoefficients {
  readonly firsts: number;
  readonly counts: number;
  readonly weights: number;
  readonly taps: number;
}

/** Kernels may read and write this far past the end of what they are given. */
const slack = 16;
const pageBytes = 65536;

/** The compiled kernels and their memory: data is copied in piece by piece, worked on, and copied out. */
export class KernelMemory {
  readonly kernels: Omit<Exports, "memory">;
  readonly #memory: Memory;
  #next = 0;

  constructor() {
    const module = new WebAssembly.Module(bytesOfBase64(imageKernelsWasm));
    const exports = new WebAssembly.Instance(module).exports as Exports;
    this.kernels = exports;
    this.#memory = exports.memory;
  }

  /** Forgets everything placed. */
  clear(): void {
    this.#next = 0;
  }

  /** Room for `bytes` bytes and what the kernels may touch beyond them; its offset. */
  reserve(bytes: number): number {
    const at = this.#next;
    this.#next = (at + bytes + slack + 15) & ~15;
    const missing = this.#next - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    return at;
  }

  /** The bytes at an offset; valid until more room is reserved. */
  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, length);
  }

  /** The floats at an offset; valid until more room is reserved. */
  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, at, length);
  }

  /** Copies coefficients in. */
  place({ firsts, counts, weights, taps }: ResizeCoefficients): PlacedCoefficients {
    const put = (values: Int32Array): number => {
      const at = this.reserve(values.byteLength);
      new Int32Array(this.#memory.buffer, at, values.length).set(values);
      return at;
    };
    return { firsts: put(firsts), counts: put(counts), weights: put(weights), taps };
  }
}

let shared: KernelMemory | undefined;

/**
 * This thread's kernels, compiled at first use. All functions that use the memory are synchronous, and none needs what
 * another left there: so they share it.
 */
export function kernelMemory(): KernelMemory {
  shared ??= new KernelMemory();
  shared.clear();
  return shared;
}

/** By what browsers and Node both have. */
function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
