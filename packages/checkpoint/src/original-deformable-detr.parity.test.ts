import { loadFixture } from "@detrkit/test-utils";
import { describe, expect, test } from "vitest";
import { originalDeformableDetr } from "./dialects/original-deformable-detr.ts";
import { KeyMap } from "./key-map.ts";
import { exportStateDict, importStateDict } from "./state-dict.ts";
import { sizeOfShape, type TensorData } from "./tensor-data.ts";

interface RecordedKey {
  readonly key: string;
  readonly shape: readonly number[];
  readonly alias_of?: string;
}

async function recordedKeys(model: string): Promise<readonly RecordedKey[]> {
  const { json } = await loadFixture<{ readonly state_dict: readonly RecordedKey[] }>(
    new URL(`../../../fixtures/models/keys-${model}`, import.meta.url),
  );
  return json.state_dict;
}

/** A state dict with the recorded keys and ranks, small, with other numbers in each tensor that is one of its own. */
function smallStateDict(recorded: readonly RecordedKey[]): ReadonlyMap<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const { key, shape: whole, alias_of: of } of recorded) {
    const shape = whole.map((size) => Math.min(size, 3));
    const first = tensors.size * 100;
    const own: TensorData = {
      dtype: "float32",
      shape,
      values: Float32Array.from({ length: sizeOfShape(shape) }, (_, index) => first + index),
    };
    // The decoder's names come before those they are aliases of.
    tensors.set(
      key,
      [...tensors].find(
        ([other]) => (recorded.find((entry) => entry.key === other)?.alias_of ?? other) === (of ?? key),
      )?.[1] ?? own,
    );
  }
  return tensors;
}

// Every key of the published models, recorded from the original implementation.
describe.each([
  "deformable-r50",
  "deformable-r50-refine",
  "deformable-r50-two-stage",
  "deformable-r50-single-scale",
  "deformable-r50-single-scale-dc5",
])("%s", (model) => {
  test("every key has a place of its own, but second names, which are those that were recorded", async () => {
    const recorded = await recordedKeys(model);
    const stateDict = smallStateDict(recorded);
    const { tensors, unknown, aliases } = importStateDict(stateDict, { dialect: originalDeformableDetr });
    expect(unknown).toEqual([]);
    const nameOf = new Map(recorded.map(({ key, alias_of: of }) => [key, of ?? key]));
    expect(aliases.size).toBe(recorded.filter(({ alias_of: of }) => of !== undefined).length);
    for (const [alias, of] of aliases) expect([alias, nameOf.get(alias)]).toEqual([alias, nameOf.get(of)]);
    const packed = recorded.filter(({ key }) => key.includes(".in_proj_")).length;
    expect(tensors.size).toBe(recorded.length - aliases.size + 2 * packed);
  });

  test("export gives the whole state dict back, to the bit, and under the same keys", async () => {
    const stateDict = smallStateDict(await recordedKeys(model));
    const { tensors } = importStateDict(stateDict, { dialect: originalDeformableDetr });
    const written = exportStateDict(tensors, { dialect: originalDeformableDetr });
    expect([...written.keys()].toSorted()).toEqual([...stateDict.keys()].toSorted());
    for (const [key, data] of stateDict) expect([key, written.get(key)]).toEqual([key, data]);
  });
});

test("only matrices and filters are laid out anew; tables of embeddings are not", async () => {
  const keyMap = new KeyMap(originalDeformableDetr);
  for (const { key, shape, alias_of: of } of await recordedKeys("deformable-r50")) {
    if (of !== undefined) continue;
    const isTable = key === "query_embed.weight" || key === "transformer.level_embed";
    expect([key, keyMap.ofKey(key)?.layout]).toEqual([
      key,
      shape.length === 4 ? "convolution" : shape.length === 2 && !isTable ? "linear" : "same",
    ]);
  }
});
