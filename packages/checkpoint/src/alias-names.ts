import { type Dialect, keysOfKind, keyWithin, type ModuleAlias } from "./dialect.ts";
import { type KeyNumbers, type KeyPattern, keyPattern } from "./key-pattern.ts";

/** Keys of a dialect that are second names of other keys. */
export class AliasNames {
  readonly #aliases: readonly { readonly rule: ModuleAlias; readonly names: readonly AliasedKey[] }[];

  constructor({ aliases = [] }: Dialect) {
    this.#aliases = aliases.map((rule) => ({
      rule,
      names: keysOfKind[rule.kind].map(({ theirs }) => ({
        alias: keyPattern(keyWithin(rule.alias, theirs)),
        of: keyPattern(keyWithin(rule.of, theirs)),
      })),
    }));
  }

  /**
   * The second names among a state dict's keys, each with the first name of its tensor.
   *
   * @param keys - all keys of the state dict, because they decide which names belong to one module
   */
  find(keys: readonly string[]): ReadonlyMap<string, string> {
    const all = new Set(keys);
    const found = new Map<string, string>();
    for (const { rule, names } of this.#aliases) {
      if (keys.some((key) => rule.unless?.test(key) === true)) continue;
      for (const key of keys) {
        for (const { alias, of } of names) {
          const numbers = alias.match(key);
          const first = numbers && of.format(numbers);
          // If the first name is missing, a name that may be a module's own counts as its own.
          if (first !== undefined && (rule.unless === undefined || all.has(first))) found.set(key, first);
        }
      }
    }
    return found;
  }

  /**
   * The second names that the original code stores in addition to these keys, each with the first name of its tensor.
   */
  complete(keys: readonly string[]): ReadonlyMap<string, string> {
    const all = new Set(keys);
    const added = new Map<string, string>();
    for (const { rule, names } of this.#aliases) {
      const present = [...all];
      if (!isWritten(rule, present)) continue;
      const givenNumbers = numbersFor(rule, present);
      for (const key of present) {
        for (const { alias, of } of names) {
          const numbers = of.match(key);
          for (const name of numbers === undefined
            ? []
            : givenNumbers.map((given) => alias.format({ ...numbers, ...given }))) {
            // Where each layer has a name, a layer may still have a module of its own.
            if (all.has(name)) continue;
            all.add(name);
            added.set(name, key);
          }
        }
      }
    }
    return added;
  }
}

function isWritten({ unless, where }: ModuleAlias, keys: readonly string[]): boolean {
  return (
    !keys.some((key) => unless?.test(key) === true) && (where === undefined || keys.some((key) => where.test(key)))
  );
}

function numbersFor({ forEach }: ModuleAlias, keys: readonly string[]): readonly KeyNumbers[] {
  if (forEach === undefined) return [{}];
  const source = keyPattern(forEach);
  return keys.map((key) => source.match(key)).filter((numbers) => numbers !== undefined);
}

interface AliasedKey {
  readonly alias: KeyPattern;
  readonly of: KeyPattern;
}
