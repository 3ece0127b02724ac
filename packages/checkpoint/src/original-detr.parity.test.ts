import { expect, test } from "vitest";
import { loadFixture } from "@detrkit/test-utils";
import { originalDetr } from "./dialects/original-detr.ts";
import { KeyMap, type KeyMapping } from "./key-map.ts";

interface KeyTable {
  readonly state_dict: readonly { readonly key: string; readonly shape: readonly number[] }[];
}

// Every key of the published models, recorded from the original implementation.
test.each(["detr-r50", "detr-r50-dc5", "detr-r101"])(
  "every key of %s has a place of its own, and finds back",
  async (model) => {
    const { state_dict } = (
      await loadFixture<KeyTable>(new URL(`../../../fixtures/models/keys-${model}`, import.meta.url))
    ).json;
    const keyMap = new KeyMap(originalDetr);
    const mappings = state_dict.map(({ key }) => keyMap.ofKey(key));
    expect(state_dict.filter((_, index) => mappings[index] === undefined)).toEqual([]);
    const known = mappings.filter((mapping): mapping is KeyMapping => mapping !== undefined);
    const paths = known.flatMap((mapping) => mapping.paths);
    expect(new Set(paths).size).toBe(paths.length);
    for (const mapping of known) for (const path of mapping.paths) expect(keyMap.ofPath(path)).toEqual(mapping);
    // Only matrices and filters are laid out anew; tables of embeddings are not.
    for (const [index, { key, shape }] of state_dict.entries()) {
      const isMatrix = shape.length === 2 && key !== "query_embed.weight";
      expect([key, known[index]?.layout]).toEqual([
        key,
        shape.length === 4 ? "convolution" : isMatrix ? "linear" : "same",
      ]);
    }
  },
);
