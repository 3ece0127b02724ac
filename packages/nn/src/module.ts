import { Parameter } from "./parameter.ts";

const marker = Symbol.for("detrkit.module");

/** A part of a parameter's path that was renamed. */
export interface MovedPath {
  /** Matches this part of the old path. */
  readonly from: RegExp;
  /** Its replacement, as `String.replace` takes it. */
  readonly to: string;
}

/**
 * A node of a model: owns parameters and other modules, found in its own properties (also in arrays and plain records
 * of them). The path of a parameter is the property names that lead to it, joined by dots:
 * `transformer.encoder.layers.0.selfAttention.query.weight`. Private `#fields` and properties that hold anything else
 * are not part of the tree. A module reached by two paths (a shared head) is listed once, under the first.
 *
 * Modules and parameters are known by a mark, not by their class: two copies of this package in one process find each
 * other's. Use {@link Module.isInstance} rather than `instanceof`.
 */
export abstract class Module {
  constructor() {
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether this is a module, of this copy of the package or of another one. */
  static isInstance(value: unknown): value is Module {
    return typeof value === "object" && value !== null && marker in value;
  }

  /** Every parameter and buffer below this module by dotted path, in order of construction. */
  parameters(): Map<string, Parameter> {
    return membersOf(this).parameters;
  }

  /** Every module below this one (itself first, under the empty path) by dotted path. */
  modules(): Map<string, Module> {
    return membersOf(this).modules;
  }

  /** The parameters that training may change, by dotted path. */
  trainableParameters(): Map<string, Parameter> {
    return new Map([...this.parameters()].filter(([, parameter]) => parameter.trainable));
  }

  /**
   * Parameter paths that have changed, so that checkpoints of earlier versions can be read. Modules with such paths
   * override it. Only the root module's are used.
   */
  get movedPaths(): readonly MovedPath[] {
    return [];
  }

  /** Excludes everything below this module from training. */
  freeze(): this {
    for (const parameter of this.parameters().values()) parameter.setTrainable(false);
    return this;
  }

  /** Frees all parameters and cached tensors. The module is unusable afterwards. */
  dispose(): void {
    for (const module of this.modules().values()) module.disposeCaches();
    for (const parameter of this.parameters().values()) parameter.dispose();
  }

  /** Frees tensors that this module caches, for example folded weights. Modules with such tensors override it. */
  disposeCaches(): void {}
}

interface Members {
  readonly parameters: Map<string, Parameter>;
  readonly modules: Map<string, Module>;
}

/**
 * Walks the tree by own properties only: private members of a module from another copy of the package can't be read.
 */
function membersOf(root: Module): Members {
  const members: Members = { parameters: new Map(), modules: new Map() };
  const seen = new Set<object>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (Parameter.isInstance(value)) {
      seen.add(value);
      members.parameters.set(path, value);
      return;
    }
    if (Module.isInstance(value)) members.modules.set(path, value);
    else if (!Array.isArray(value) && !isPlainRecord(value)) return;
    seen.add(value);
    for (const [name, child] of Object.entries(value)) visit(child, path === "" ? name : `${path}.${name}`);
  };
  visit(root, "");
  return members;
}

function isPlainRecord(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
