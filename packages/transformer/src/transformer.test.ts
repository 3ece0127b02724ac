import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import {
  gather,
  memory,
  pad,
  type Rank,
  reshape,
  slice,
  tensor2d,
  type Tensor3D,
  tidy,
  unstack,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Transformer, type TransformerConfig, type TransformerInputs } from "./transformer.ts";

const config: TransformerConfig = {
  dim: 6,
  heads: 3,
  encoderLayers: 2,
  decoderLayers: 2,
  feedForwardDim: 7,
  dropout: 0,
  random: new Random(1),
};
const inputs = (): TransformerInputs => ({
  tokens: uniformTensor<Rank.R3>([2, 5, 6], { seed: 1 }),
  position: uniformTensor<Rank.R3>([2, 5, 6], { seed: 2 }),
  queryPosition: uniformTensor<Rank.R2>([3, 6], { seed: 3 }),
});
const create = (changes: Partial<TransformerConfig> = {}): Transformer =>
  new Transformer({ ...config, random: new Random(1), ...changes });

describeOnBackends("Transformer", () => {
  test.each([false, true])("preNorm %s: returns the states of all decoder layers and the memory", (preNorm) => {
    const [all, last] = [create({ preNorm }), create({ preNorm, returnIntermediate: false })];
    tidy(() => {
      const { states, memory } = all.call(inputs());
      expect(states.shape).toEqual([2, 2, 3, 6]);
      expect(memory.shape).toEqual([2, 5, 6]);
      expectClose(last.call(inputs()).states, slice(states, [1, 0, 0, 0], [1, -1, -1, -1]));
    });
    all.dispose();
    last.dispose();
  });

  test.each([false, true])(
    "preNorm %s: an image gives the same beside another and with padding behind it",
    (preNorm) => {
      const transformer = create({ preNorm });
      tidy(() => {
        const { tokens, position, queryPosition } = inputs();
        const second = (values: Tensor3D): Tensor3D => gather(values, [1]);
        const alone = transformer.call({
          tokens: second(tokens),
          position: second(position as Tensor3D),
          queryPosition,
        });
        const paddingMask = tensor2d(
          [
            [0, 0, 0, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 1, 1],
          ],
          [2, 7],
          "bool",
        );
        const padded = (values: Tensor3D): Tensor3D =>
          pad(
            values,
            [
              [0, 0],
              [0, 2],
              [0, 0],
            ],
            17,
          );
        const together = transformer.call({
          tokens: padded(tokens),
          position: padded(position as Tensor3D),
          paddingMask,
          queryPosition,
        });
        const lastOf = (states: (typeof together)["states"]): Tensor3D => unstack(states).at(-1) as Tensor3D;
        expectClose(second(lastOf(together.states)), lastOf(alone.states), { atol: 1e-5 });
        expectClose(slice(second(together.memory), [0, 0, 0], [1, 5, 6]), alone.memory, { atol: 1e-5 });
      });
      transformer.dispose();
    },
  );

  test("the order of the queries decides the order of the states, nothing else", () => {
    const transformer = create();
    tidy(() => {
      const given = inputs();
      const order = [2, 0, 1];
      const permuted = transformer.call({ ...given, queryPosition: gather(given.queryPosition, order) });
      expectClose(permuted.states, gather(transformer.call(given).states, order, 2), { atol: 1e-5 });
    });
    transformer.dispose();
  });

  test("query positions may differ by image", () => {
    const transformer = create();
    tidy(() => {
      const given = inputs();
      const other = uniformTensor<Rank.R3>([1, 3, 6], { seed: 9 });
      const queryPosition = pad(other, [
        [1, 0],
        [0, 0],
        [0, 0],
      ]);
      const { states } = transformer.call({ ...given, queryPosition });
      const shared = transformer.call({ ...given, queryPosition: reshape(other, [3, 6]) });
      expectClose(gather(states, [1], 1), gather(shared.states, [1], 1), { atol: 1e-5 });
    });
    transformer.dispose();
  });

  test("dropout acts in training, by the given random numbers alone, and leaves no tensor behind", () => {
    const transformer = create({ dropout: 0.3 });
    const run = (seed?: number): number[] =>
      tidy(() => [
        ...transformer
          .call(inputs(), seed === undefined ? {} : { training: true, random: new Random(seed) })
          .states.dataSync(),
      ]);
    const before = memory().numTensors;
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
    expect(run()).not.toEqual(run(5));
    expect(memory().numTensors).toBe(before);
    transformer.dispose();
  });
});
