import { add, dispose, type Tensor, type Variable, variable } from "@tensorflow/tfjs-core";
import { holdsMemoryAlone } from "./tfjs-internals/index.ts";

const marker = Symbol.for("detrkit.parameter");

/**
 * Whether the optimiser may change a parameter: `weight`s are trained unless frozen, `buffer`s are state and never are.
 */
export type ParameterKind = "weight" | "buffer";

/**
 * One named tensor of a module. It wraps a tfjs variable, counts its changes, and knows whether it is trained. Its name
 * is its place in the module tree (`Module.parameters`), never stored here.
 */
export class Parameter {
  readonly kind: ParameterKind;
  readonly #variable: Variable;
  #trainable: boolean;
  #version = 0;
  #ownsMemory = false;

  /** Takes over `initial`, which is disposed. */
  constructor(initial: Tensor, options: { readonly kind?: ParameterKind; readonly trainable?: boolean } = {}) {
    this.kind = options.kind ?? "weight";
    this.#trainable = this.kind === "weight" && (options.trainable ?? true);
    this.#variable = variable(initial, this.#trainable);
    dispose(initial);
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether this is a parameter, of this copy of the package or of another one. */
  static isInstance(value: unknown): value is Parameter {
    return typeof value === "object" && value !== null && marker in value;
  }

  /** The tensor. It belongs to the parameter: nobody else disposes of it. */
  get value(): Variable {
    return this.#variable;
  }

  /** Never changes. */
  get shape(): readonly number[] {
    return this.#variable.shape;
  }

  /** Number of elements. */
  get size(): number {
    return this.#variable.size;
  }

  /** Whether an optimiser may change it. */
  get trainable(): boolean {
    return this.#trainable;
  }

  /** Grows with every change of the value, so that caches of anything computed from it can compare it. */
  get version(): number {
    return this.#version;
  }

  /** Excludes the parameter from training, or includes it again. Buffers are never trained. */
  setTrainable(trainable: boolean): void {
    this.#trainable = trainable && this.kind === "weight";
    this.#variable.trainable = this.#trainable;
  }

  /** Takes over `value`, which must have this parameter's shape; the old value is disposed, `value` itself too. */
  assign(value: Tensor): void {
    this.#variable.assign(value);
    this.#ownsMemory = false;
    this.#version += 1;
    dispose(value);
  }

  /**
   * Call this before a kernel writes the value in place. Copies the value if a clone, or the typed array that it was
   * made from, may share its memory; those keep the old value.
   */
  ensureOwnMemory(): void {
    if (this.#ownsMemory && holdsMemoryAlone(this.#variable)) return;
    this.assign(add(this.#variable, 0));
    this.#ownsMemory = true;
  }

  /** Call this after the value was written in place. */
  markChanged(): void {
    this.#version += 1;
  }

  /** Frees the tensor; the parameter can't be used any more. */
  dispose(): void {
    this.#variable.dispose();
  }
}
