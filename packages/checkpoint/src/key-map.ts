import { type Dialect, keysOfKind, keyWithin } from "./dialect.ts";
import { type KeyPattern, keyPattern } from "./key-pattern.ts";
import type { Layout } from "./layouts.ts";

/** A key of a state dict and the parameters it fills (several: equal parts along its first axis). */
export interface KeyMapping {
  readonly key: string;
  readonly paths: readonly string[];
  readonly layout: Layout;
}

interface Slot {
  readonly theirs: KeyPattern;
  readonly ours: readonly KeyPattern[];
  readonly layout: Layout;
}

/**
 * Translates keys of a dialect in both directions. It knows first names only; which keys are second names depends on
 * the whole state dict.
 */
export class KeyMap {
  readonly #slots: readonly Slot[];

  constructor(dialect: Dialect) {
    this.#slots = dialect.modules.flatMap(([theirModule, ourModule, kind]) =>
      keysOfKind[kind].map(({ theirs, ours, layout }) => ({
        theirs: keyPattern(keyWithin(theirModule, theirs)),
        ours: ours.map((name) => keyPattern(`${ourModule}.${name}`)),
        layout,
      })),
    );
  }

  /** The parameters that a key of theirs fills; undefined if detrkit has no such part. */
  ofKey(key: string): KeyMapping | undefined {
    for (const { theirs, ours, layout } of this.#slots) {
      const numbers = theirs.match(key);
      if (numbers !== undefined) return { key, paths: ours.map((pattern) => pattern.format(numbers)), layout };
    }
    return undefined;
  }

  /** The key of theirs that holds a parameter; undefined if they have no such part. */
  ofPath(path: string): KeyMapping | undefined {
    for (const { theirs, ours, layout } of this.#slots) {
      for (const pattern of ours) {
        const numbers = pattern.match(path);
        if (numbers !== undefined)
          return { key: theirs.format(numbers), paths: ours.map((each) => each.format(numbers)), layout };
      }
    }
    return undefined;
  }
}
