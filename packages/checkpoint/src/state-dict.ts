import { CheckpointError } from "@detrkit/common";
import type { Dialect } from "./dialect.ts";
import { KeyMap } from "./key-map.ts";
import { fromPytorchLayout, joinFirstAxis, splitFirstAxis, toPytorchLayout } from "./layouts.ts";
import type { TensorData } from "./tensor-data.ts";

/** Which part of a model the tensors are of. */
export interface StateDictOptions {
  readonly dialect: Dialect;
  /** What their keys begin with in a whole model, when they come from a part of it: `transformer.`, `backbone.0.body.`. */
  readonly keyPrefix?: string;
  /** The same for detrkit's paths: `transformer.`, `backbone.`. */
  readonly pathPrefix?: string;
}

/** Tensors under detrkit's names and in its layout, and what found no place. */
export interface ImportedStateDict {
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Keys that the dialect, or the chosen part of the model, does not have. */
  readonly unknown: readonly string[];
}

/** Renames and re-lays a PyTorch state dict for detrkit. */
export function importStateDict(stateDict: ReadonlyMap<string, TensorData>, { dialect, keyPrefix = "", pathPrefix = "" }: StateDictOptions): ImportedStateDict {
  const keyMap = new KeyMap(dialect);
  const tensors = new Map<string, TensorData>();
  const unknown: string[] = [];
  for (const [name, data] of stateDict) {
    const key = `${keyPrefix}${withoutWrappers(name, dialect.wrappers)}`;
    if (dialect.ignored.some((pattern) => pattern.test(key))) continue;
    const mapping = keyMap.ofKey(key);
    if (mapping === undefined || !mapping.paths.every((path) => path.startsWith(pathPrefix))) {
      unknown.push(name);
      continue;
    }
    const parts = splitFirstAxis(data, mapping.paths.length, name);
    mapping.paths.forEach((fullPath, index) => {
      const path = fullPath.slice(pathPrefix.length);
      if (tensors.has(path)) throw new CheckpointError(`${dialect.name}: "${name}" and another key both fill "${path}"`);
      tensors.set(path, fromPytorchLayout(parts[index] as TensorData, mapping.layout, name));
    });
  }
  return { tensors, unknown };
}

/** The way back: a state dict that the dialect's own code can load. */
export function exportStateDict(parameters: ReadonlyMap<string, TensorData>, { dialect, keyPrefix = "", pathPrefix = "" }: StateDictOptions): ReadonlyMap<string, TensorData> {
  const keyMap = new KeyMap(dialect);
  const stateDict = new Map<string, TensorData>();
  for (const path of parameters.keys()) {
    const mapping = keyMap.ofPath(`${pathPrefix}${path}`);
    if (mapping === undefined || !mapping.key.startsWith(keyPrefix)) throw new CheckpointError(`${dialect.name} has no key for "${path}"; this model can't be written in its form`);
    const key = mapping.key.slice(keyPrefix.length);
    if (stateDict.has(key)) continue;
    const [first, ...rest] = mapping.paths.map((fullPath) => {
      const data = parameters.get(fullPath.slice(pathPrefix.length));
      if (data === undefined) throw new CheckpointError(`${dialect.name}: "${key}" needs "${fullPath.slice(pathPrefix.length)}", which is not there`);
      return toPytorchLayout(data, mapping.layout, key);
    });
    if (first !== undefined) stateDict.set(key, joinFirstAxis([first, ...rest], key));
  }
  return stateDict;
}

function withoutWrappers(name: string, wrappers: readonly string[]): string {
  const wrapper = wrappers.find((prefix) => name.startsWith(prefix));
  return wrapper === undefined ? name : withoutWrappers(name.slice(wrapper.length), wrappers);
}
