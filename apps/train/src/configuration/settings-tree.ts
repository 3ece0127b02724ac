import { z } from "zod";

/** Settings as they stand in a file: objects in objects. */
export type SettingsTree = { readonly [key: string]: unknown };

/** What kind of value a setting takes on the command line. */
export type SettingKind = "number" | "numbers" | "boolean" | "text";

/** One setting of a schema: a leaf of its tree. */
export interface Setting {
  /** From the top: `["backbone", "depth"]`. */
  readonly path: readonly string[];
  readonly kind: SettingKind;
  /** The values allowed, where they are few. */
  readonly choices: readonly string[];
  /** Words that a number may be instead: `auto`. */
  readonly words: readonly string[];
  readonly description: string;
  /** Undefined where it has none. */
  readonly default: unknown;
  readonly field: z.ZodType;
}

/** A field without what says that it may be missing, which stands around it. */
function bare(field: z.ZodType): {
  readonly inner: z.ZodType;
  readonly description: string;
  readonly default: unknown;
} {
  let [inner, description, fallback] = [field, field.description, undefined as unknown];
  for (;;) {
    if (inner instanceof z.ZodDefault) fallback = inner.def.defaultValue;
    else if (!(inner instanceof z.ZodReadonly || inner instanceof z.ZodOptional || inner instanceof z.ZodExactOptional))
      return { inner, description: description ?? "", default: fallback };
    inner = inner.def.innerType as z.ZodType;
    description ??= inner.description;
  }
}

/** All settings of a schema, in its order. */
export function settingsOf(schema: z.ZodObject, above: readonly string[] = []): Setting[] {
  return Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).flatMap(([key, field]) => {
    const path = [...above, key];
    const { inner, ...rest } = bare(field);
    if (inner instanceof z.ZodObject) return settingsOf(inner, path);
    return [{ path, field: inner, ...kindOf(inner), ...rest }];
  });
}

function kindOf(field: z.ZodType): Pick<Setting, "kind" | "choices" | "words"> {
  if (!(field instanceof z.ZodUnion)) return { ...plainKindOf(field), words: [] };
  const options = field.options as readonly z.ZodType[];
  // A number or text with a unit, as 90s: the text says it all.
  if (options.some((option) => option instanceof z.ZodString)) return { kind: "text", choices: [], words: [] };
  const words = options.flatMap((option) => (option instanceof z.ZodLiteral ? [...option.values].map(String) : []));
  return { kind: "number", choices: [], words };
}

function plainKindOf(field: z.ZodType): Pick<Setting, "kind" | "choices"> {
  if (field instanceof z.ZodNumber) return { kind: "number", choices: [] };
  if (field instanceof z.ZodBoolean) return { kind: "boolean", choices: [] };
  if (field instanceof z.ZodArray) return { kind: "numbers", choices: [] };
  if (field instanceof z.ZodEnum) return { kind: "text", choices: field.options.map(String) };
  if (field instanceof z.ZodLiteral) {
    const values = [...field.values];
    return {
      kind: values.every((value) => typeof value === "number") ? "number" : "text",
      choices: values.map(String),
    };
  }
  return { kind: "text", choices: [] };
}

/** The same schema with every setting left to choice and without defaults: what a file or the flags give. */
export function partial(schema: z.ZodObject): z.ZodObject {
  const fields = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).map(([key, field]) => {
    const { inner } = bare(field);
    return [key, (inner instanceof z.ZodObject ? partial(inner) : inner).exactOptional()];
  });
  return z.strictObject(Object.fromEntries(fields) as z.ZodRawShape);
}

/** The defaults of a schema, and empty objects where there are none; an object that may be missing is missing then. */
export function defaultsOf(schema: z.ZodObject): SettingsTree {
  const entries = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).flatMap(([key, field]) => {
    const { inner, default: value } = bare(field);
    if (inner instanceof z.ZodObject) {
      const inside = defaultsOf(inner);
      const isMissing = field instanceof z.ZodExactOptional && Object.keys(inside).length === 0;
      return isMissing ? [] : [[key, inside] as const];
    }
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

const isTree = (value: unknown): value is SettingsTree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Puts trees over one another: of two values the later one's counts, objects are merged. */
export function merged(...trees: readonly SettingsTree[]): SettingsTree {
  // A map, since a file may have a key "__proto__".
  const result = new Map<string, unknown>();
  for (const tree of trees) {
    for (const [key, value] of Object.entries(tree)) {
      const before = result.get(key);
      result.set(key, isTree(before) && isTree(value) ? merged(before, value) : value);
    }
  }
  return Object.fromEntries(result);
}

/** A tree with one value in it. */
export function treeOf(path: readonly string[], value: unknown): SettingsTree {
  return path.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value) as SettingsTree;
}

/** The settings of a schema that have a value, in the schema's order. */
export function settingsTree(schema: z.ZodObject, valueOf: (path: readonly string[]) => unknown): SettingsTree {
  return merged(
    ...settingsOf(schema).flatMap(({ path }) => {
      const value = valueOf(path);
      return value === undefined ? [] : [treeOf(path, value)];
    }),
  );
}

/** The value at a path; undefined where there is none. */
export function valueAt(tree: SettingsTree, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isTree(node) ? node[key] : undefined), tree);
}

/** A tree as one row of values by their dotted paths, for tables. */
export function flattened(tree: SettingsTree, above = ""): Readonly<Record<string, unknown>> {
  const entries = Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) ? Object.entries(flattened(value, `${above}${key}.`)) : [[`${above}${key}`, value] as const],
  );
  return Object.fromEntries(entries);
}

/** A setting as it is typed: `["backbone", "frozenStages"]` is `backbone.frozen-stages`. */
export function flagName(path: readonly string[]): string {
  return path.map((key) => key.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)).join(".");
}

/** One thing wrong with one setting. */
export interface SettingFault {
  readonly path: readonly string[];
  readonly unknown: boolean;
  readonly message: string;
}

/** What is wrong with settings, by a schema; nothing where they fit. */
export function faultsOf(schema: z.ZodObject, given: unknown): SettingFault[] {
  const result = schema.safeParse(given);
  if (result.success) return [];
  return result.error.issues.flatMap((issue): SettingFault[] => {
    const path = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [{ path, unknown: false, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], unknown: true, message: "unknown setting" }));
  });
}
