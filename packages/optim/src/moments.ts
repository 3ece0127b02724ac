import { CheckpointError } from "@detrkit/common";
import type { Parameter } from "@detrkit/nn";
import { fill, tensor1d, type Tensor1D } from "@tensorflow/tfjs-core";

/** A tensor of the optimiser's state in plain memory. */
export interface StateTensor {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** The moments of one parameter in plain memory, and how many steps it has had. */
interface ParameterMoments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** Moments of several parameters, one after the other. */
interface Packed {
  readonly parameters: ReadonlyMap<string, Parameter>;
  first: Tensor1D;
  second: Tensor1D;
}

/**
 * The optimiser's memory: two moments for each parameter that has had a gradient. Those of one step's parameters are
 * joined in two tensors, so that one op can update all. Others are kept in plain memory, which happens only when the
 * set of parameters with a gradient changes.
 */
export class Moments {
  readonly #steps = new Map<string, number>();
  readonly #waiting = new Map<string, ParameterMoments>();
  #packed: Packed | undefined;

  /** How many steps a parameter has had. */
  stepsOf(path: string): number {
    return this.#steps.get(path) ?? 0;
  }

  /** The moments of exactly these parameters, in their order; zeros for new ones. This object keeps owning them. */
  async pack(
    parameters: ReadonlyMap<string, Parameter>,
  ): Promise<{ readonly first: Tensor1D; readonly second: Tensor1D }> {
    if (this.#packed === undefined || !sameKeys(this.#packed.parameters, parameters)) {
      await this.#unpack();
      this.#packed = { parameters, ...this.#join(parameters) };
    }
    const { first, second } = this.#packed;
    return { first, second };
  }

  /** Stores the packed moments after a step. */
  store(first: Tensor1D, second: Tensor1D): void {
    if (this.#packed === undefined) return;
    this.#packed.first = first;
    this.#packed.second = second;
    for (const path of this.#packed.parameters.keys()) this.#steps.set(path, this.stepsOf(path) + 1);
  }

  /** Everything by name: `first/<path>`, `second/<path>`, `steps/<path>`. */
  async read(): Promise<Map<string, StateTensor>> {
    const state = new Map<string, StateTensor>();
    for (const [path, { first, second }] of [...this.#waiting, ...(await this.#readPacked())]) {
      state.set(`first/${path}`, { dtype: "float32", shape: [first.length], values: first });
      state.set(`second/${path}`, { dtype: "float32", shape: [second.length], values: second });
      state.set(`steps/${path}`, { dtype: "int32", shape: [1], values: Int32Array.of(this.stepsOf(path)) });
    }
    return state;
  }

  /**
   * Replaces everything by what {@link read} returned.
   *
   * @throws CheckpointError if it is incomplete; nothing has changed then
   */
  load(state: ReadonlyMap<string, StateTensor>): void {
    const loaded: (readonly [path: string, moments: ParameterMoments, steps: number])[] = [];
    for (const [name, { values }] of state) {
      if (!name.startsWith("first/")) continue;
      const path = name.slice("first/".length);
      const second = state.get(`second/${path}`)?.values;
      const steps = state.get(`steps/${path}`)?.values[0];
      if (
        !(values instanceof Float32Array) ||
        !(second instanceof Float32Array) ||
        second.length !== values.length ||
        steps === undefined
      ) {
        throw new CheckpointError(
          `AdamW.loadState: the state of "${path}" is not complete; it needs first/, second/ and steps/ of one size`,
        );
      }
      loaded.push([path, { first: values, second }, steps]);
    }
    this.dispose();
    for (const [path, moments, steps] of loaded) {
      this.#waiting.set(path, moments);
      this.#steps.set(path, steps);
    }
  }

  dispose(): void {
    this.#packed?.first.dispose();
    this.#packed?.second.dispose();
    this.#packed = undefined;
    this.#waiting.clear();
    this.#steps.clear();
  }

  #join(parameters: ReadonlyMap<string, Parameter>): { first: Tensor1D; second: Tensor1D } {
    if (this.#waiting.size === 0) {
      // Zeros of a new optimiser, filled by the backend: in plain memory they would take four times the model's memory
      // until the next garbage collection.
      const total = [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
      return { first: fill([total], 0), second: fill([total], 0) };
    }
    const each = [...parameters].map(([path, { size }]) => this.#take(path, size));
    return { first: joined(each.map(({ first }) => first)), second: joined(each.map(({ second }) => second)) };
  }

  #take(path: string, size: number): ParameterMoments {
    const found = this.#waiting.get(path) ?? { first: new Float32Array(size), second: new Float32Array(size) };
    if (found.first.length !== size) {
      throw new CheckpointError(
        `AdamW: the loaded state of "${path}" has ${found.first.length} values, the parameter ${size}. ` +
          "Is it of another model?",
      );
    }
    this.#waiting.delete(path);
    return found;
  }

  async #unpack(): Promise<void> {
    for (const [path, moments] of await this.#readPacked()) this.#waiting.set(path, moments);
    this.#packed?.first.dispose();
    this.#packed?.second.dispose();
    this.#packed = undefined;
  }

  async #readPacked(): Promise<Map<string, ParameterMoments>> {
    const separate = new Map<string, ParameterMoments>();
    if (this.#packed === undefined) return separate;
    // Copied, because a backend may hand out its own memory, which the next step overwrites.
    const [first, second] = await Promise.all([
      this.#packed.first.data<"float32">(),
      this.#packed.second.data<"float32">(),
    ]);
    let start = 0;
    for (const [path, { size }] of this.#packed.parameters) {
      separate.set(path, { first: first.slice(start, start + size), second: second.slice(start, start + size) });
      start += size;
    }
    return separate;
  }
}

function joined(parts: readonly Float32Array[]): Tensor1D {
  const values = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let start = 0;
  for (const part of parts) {
    values.set(part, start);
    start += part.length;
  }
  return tensor1d(values);
}

function sameKeys(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  const keys = [...other.keys()];
  return one.size === keys.length && [...one.keys()].every((key, index) => key === keys[index]);
}
