import { CheckpointError } from "@detrkit/common";
import { AliasNames } from "./alias-names.ts";
import { type Dialect, wrapperOf } from "./dialect.ts";
import { KeyMap } from "./key-map.ts";
import { fromPytorchLayout, joinFirstAxis, splitFirstAxis, toPytorchLayout } from "./layouts.ts";
import type { TensorData } from "./tensor-data.ts";

/** The part of a model that the tensors belong to. */
export interface StateDictOptions {
  readonly dialect: Dialect;
  /** Prefix of their keys in a whole model, if they come from a part of it: `transformer.`, `backbone.0.body.`. */
  readonly keyPrefix?: string;
  /** The same for detrkit's paths: `transformer.`, `backbone.`. */
  readonly pathPrefix?: string;
}

/** Tensors with detrkit's names and layouts, and the keys that were not imported. */
export interface ImportedStateDict {
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Keys that the dialect, or the chosen part of the model, does not have. */
  readonly unknown: readonly string[];
  /** Keys that are second names of a tensor, with the key it was read from. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Converts a PyTorch state dict to detrkit's names and layouts.
 *
 * @throws CheckpointError if two names of one tensor hold different numbers
 */
export function importStateDict(
  stateDict: ReadonlyMap<string, TensorData>,
  { dialect, keyPrefix = "", pathPrefix = "" }: StateDictOptions,
): ImportedStateDict {
  const keyMap = new KeyMap(dialect);
  const keys = new Map(
    [...stateDict.keys()].map((name) => [name, `${keyPrefix}${withoutWrappers(name, dialect.wrappers)}`]),
  );
  const firstNames = new AliasNames(dialect).find([...keys.values()]);
  const tensors = new Map<string, TensorData>();
  const unknown: string[] = [];
  const aliases = new Map<string, string>();
  const taken = new Map<string, { readonly name: string; readonly key: string }>();
  for (const [name, data] of stateDict) {
    const key = keys.get(name) ?? name;
    if (dialect.ignored.some((pattern) => pattern.test(key))) continue;
    const firstName = firstNames.get(key) ?? key;
    const mapping = keyMap.ofKey(firstName);
    if (mapping === undefined || !mapping.paths.every((path) => path.startsWith(pathPrefix))) {
      unknown.push(name);
      continue;
    }
    const before = taken.get(firstName);
    if (before !== undefined && before.key !== key) {
      requireSame(stateDict, before.name, name, dialect.name);
      aliases.set(name, before.name);
      continue;
    }
    taken.set(firstName, { name, key });
    const parts = splitFirstAxis(data, mapping.paths.length, name);
    mapping.paths.forEach((fullPath, index) => {
      const path = fullPath.slice(pathPrefix.length);
      if (tensors.has(path))
        throw new CheckpointError(`${dialect.name}: "${name}" and another key both fill "${path}"`);
      tensors.set(path, fromPytorchLayout(parts[index] as TensorData, mapping.layout, name));
    });
  }
  return { tensors, unknown, aliases };
}

function requireSame(stateDict: ReadonlyMap<string, TensorData>, first: string, second: string, dialect: string): void {
  const [one, other] = [stateDict.get(first), stateDict.get(second)];
  if (
    one?.shape.join() === other?.shape.join() &&
    one?.values.every((value, index) => Object.is(value, other?.values[index])) === true
  )
    return;
  throw new CheckpointError(
    `${dialect}: "${first}" and "${second}" are two names of one tensor, but hold different numbers; ` +
      "is the file mixed from several models?",
  );
}

/** The inverse: a state dict that the dialect's own code can load, with second names of tensors. */
export function exportStateDict(
  parameters: ReadonlyMap<string, TensorData>,
  { dialect, keyPrefix = "", pathPrefix = "" }: StateDictOptions,
): ReadonlyMap<string, TensorData> {
  const keyMap = new KeyMap(dialect);
  const stateDict = new Map<string, TensorData>();
  for (const path of parameters.keys()) {
    const mapping = keyMap.ofPath(`${pathPrefix}${path}`);
    if (mapping === undefined || !mapping.key.startsWith(keyPrefix))
      throw new CheckpointError(
        `${dialect.name} has no key for "${path}"; this model can't be written in this dialect`,
      );
    const key = mapping.key.slice(keyPrefix.length);
    if (stateDict.has(key)) continue;
    const [first, ...rest] = mapping.paths.map((fullPath) => {
      const data = parameters.get(fullPath.slice(pathPrefix.length));
      if (data === undefined)
        throw new CheckpointError(
          `${dialect.name}: "${key}" needs "${fullPath.slice(pathPrefix.length)}", which is not there`,
        );
      return toPytorchLayout(data, mapping.layout, key);
    });
    if (first !== undefined) stateDict.set(key, joinFirstAxis([first, ...rest], key));
  }
  for (const [alias, of] of new AliasNames(dialect).complete(
    [...stateDict.keys()].map((key) => `${keyPrefix}${key}`),
  )) {
    if (alias.startsWith(keyPrefix))
      stateDict.set(alias.slice(keyPrefix.length), stateDict.get(of.slice(keyPrefix.length)) as TensorData);
  }
  const wrapped = wrapperOf(dialect, stateDict.keys());
  return new Map([...stateDict].map(([key, data]) => [wrapped(key), data]));
}

function withoutWrappers(name: string, wrappers: readonly string[]): string {
  const wrapper = wrappers.find((prefix) => name.startsWith(prefix));
  return wrapper === undefined ? name : withoutWrappers(name.slice(wrapper.length), wrappers);
}
