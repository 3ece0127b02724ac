import { Parameter } from "./parameter.ts";

/**
 * A node of a model: owns parameters and other modules, found in its own properties (also in arrays and plain records of
 * them). The path of a parameter is the property names that lead to it, joined by dots:
 * `transformer.encoder.layers.0.selfAttention.query.weight`. Private `#fields` and properties that hold anything else are not part of the tree.
 * A module reached by two paths (a shared head) is listed once, under the first.
 */
export abstract class Module {
  /** Every parameter and buffer below this module by dotted path, in the order of construction. */
  parameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    const seen = new Set<object>();
    this.#collect(this, "", found, seen, () => {});
    return found;
  }

  /** Every module below this one (itself first, under the empty path) by dotted path. */
  modules(): Map<string, Module> {
    const modules = new Map<string, Module>();
    this.#collect(this, "", new Map(), new Set(), (path, module) => modules.set(path, module));
    return modules;
  }

  /** The parameters that training may change, by dotted path. */
  trainableParameters(): Map<string, Parameter> {
    return new Map([...this.parameters()].filter(([, parameter]) => parameter.trainable));
  }

  /** Excludes everything below this module from training. */
  freeze(): this {
    for (const parameter of this.parameters().values()) parameter.setTrainable(false);
    return this;
  }

  /** Frees all parameters and what modules keep beside them. The module is unusable afterwards. */
  dispose(): void {
    for (const module of this.modules().values()) module.disposeCaches();
    for (const parameter of this.parameters().values()) parameter.dispose();
  }

  /** Frees tensors that this module alone keeps to save work (folded weights, say). Overridden where there are any. */
  disposeCaches(): void {}

  #collect(value: unknown, path: string, parameters: Map<string, Parameter>, seen: Set<object>, visit: (path: string, module: Module) => void): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (value instanceof Parameter) {
      seen.add(value);
      parameters.set(path, value);
      return;
    }
    if (value instanceof Module) visit(path, value);
    else if (!Array.isArray(value) && !isPlainRecord(value)) return;
    seen.add(value);
    for (const [name, child] of Object.entries(value)) {
      this.#collect(child, path === "" ? name : `${path}.${name}`, parameters, seen, visit);
    }
  }
}

function isPlainRecord(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
