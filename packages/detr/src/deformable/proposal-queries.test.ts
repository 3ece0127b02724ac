import { Random } from "@detrkit/common";
import { Linear, Mlp } from "@detrkit/nn";
import { describeOnBackends, uniformTensor } from "@detrkit/test-utils";
import { add, mul, type Rank, sub, tensor, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { LevelLayout } from "./level-geometry.ts";
import { gridProposals, ProposalQueries } from "./queries.ts";

/** Two images; the second one fills 3 of the first level's 10 cells, and the second level. */
const layout: LevelLayout = {
  levelShapes: [
    { height: 2, width: 5 },
    { height: 1, width: 2 },
  ],
  levelSizes: [
    [
      { height: 2, width: 5 },
      { height: 1, width: 3 },
    ],
    [
      { height: 1, width: 2 },
      { height: 1, width: 2 },
    ],
  ],
};

describeOnBackends("ProposalQueries", () => {
  test("tokens without a proposal are blank to the heads, whatever the encoder made of them", () => {
    const random = new Random(1);
    const queries = new ProposalQueries({ dim: 6, numQueries: 5, random });
    const classHead = new Linear({ inputDim: 6, outputDim: 3, random });
    const boxHead = new Mlp({ inputDim: 6, hiddenDim: 6, outputDim: 4, layers: 2, random });
    tidy(() => {
      const { valid } = gridProposals(layout);
      const mask = tensor(valid, [2, 12, 1]);
      const memory = uniformTensor<Rank.R3>([2, 12, 6], { seed: 1 });
      const elsewhere: Tensor3D = add(
        mul(memory, mask),
        mul(uniformTensor<Rank.R3>([2, 12, 6], { seed: 2 }), sub(1, mask)),
      );
      const [one, other] = [memory, elsewhere].map((each) =>
        queries.call({ memory: each, layout, classHead, boxHead }).proposals?.logits.dataSync(),
      );
      expect([...valid].filter((each) => each === 0).length).toBe(7);
      expect(other).toEqual(one);
      // The others are read as they are.
      const changed = queries
        .call({ memory: mul(memory, -1), layout, classHead, boxHead })
        .proposals?.logits.dataSync();
      const differs = Array.from(valid, (_, token) => changed?.[3 * token] !== one?.[3 * token]);
      expect(differs).toEqual(Array.from(valid, (each) => each === 1));
    });
    for (const part of [queries, classHead, boxHead]) part.dispose();
  });
});
