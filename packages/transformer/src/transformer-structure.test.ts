import { ConfigError, Random } from "@detrkit/common";
import { type CallOptions, LayerNorm, Linear, Module } from "@detrkit/nn";
import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  add,
  clone,
  dispose,
  mean,
  memory,
  ones,
  type Rank,
  stack,
  tensor2d,
  type Tensor3D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { Attention, AttentionInputs } from "./attention.ts";
import { DenseAttention } from "./dense-attention.ts";
import { Transformer } from "./transformer.ts";
import { TransformerDecoder } from "./transformer-decoder.ts";

useBackend("cpu");

/** Looks at the mean of the memory and at nothing else, and remembers what it was asked. */
class MeanAttention extends Module implements Attention {
  readonly projection = new Linear({ inputDim: 6, outputDim: 6, random: new Random(3) });
  readonly #calls: AttentionInputs[];

  constructor(calls: AttentionInputs[]) {
    super();
    this.#calls = calls;
  }

  call(inputs: AttentionInputs, options: CallOptions = {}): Tensor3D {
    this.#calls.push({ ...inputs });
    expect(options.training).toBe(true);
    const [B, Q, D] = inputs.queries.shape;
    return tidy(() => this.projection.call(add(mean<Tensor3D>(inputs.memory, 1, true), zeros<Rank.R3>([B, Q, D]))));
  }
}

test("the whole of DETR-R50's transformer has the published number of parameters", () => {
  const transformer = new Transformer({
    dim: 256,
    heads: 8,
    encoderLayers: 6,
    decoderLayers: 6,
    feedForwardDim: 2048,
    random: new Random(1),
  });
  const sizes = [...transformer.trainableParameters().values()].map(({ size }) => size);
  expect(sizes.reduce((total, size) => total + size, 0)).toBe(17_363_456);
  transformer.dispose();
});

test("paths are those that key maps expect; the encoder has a final norm only with pre-norm", () => {
  const sizes = { dim: 6, heads: 2, encoderLayers: 1, decoderLayers: 1, feedForwardDim: 7, random: new Random(1) };
  const modules = (preNorm: boolean): string[] => {
    const transformer = new Transformer({ ...sizes, preNorm });
    const owners = new Set([...transformer.parameters().keys()].map((path) => path.slice(0, path.lastIndexOf("."))));
    transformer.dispose();
    return [...owners];
  };
  const projections = ["query", "key", "value", "output"];
  const postNorm = [
    ...projections.map((name) => `encoder.layers.0.selfAttention.${name}`),
    "encoder.layers.0.selfAttentionNorm",
    "encoder.layers.0.feedForward.expand",
    "encoder.layers.0.feedForward.contract",
    "encoder.layers.0.feedForwardNorm",
    ...projections.map((name) => `decoder.layers.0.selfAttention.${name}`),
    "decoder.layers.0.selfAttentionNorm",
    ...projections.map((name) => `decoder.layers.0.crossAttention.${name}`),
    "decoder.layers.0.crossAttentionNorm",
    "decoder.layers.0.feedForward.expand",
    "decoder.layers.0.feedForward.contract",
    "decoder.layers.0.feedForwardNorm",
    "decoder.norm",
  ];
  expect(modules(false).toSorted()).toEqual(postNorm.toSorted());
  expect(modules(true).toSorted()).toEqual([...postNorm, "encoder.norm"].toSorted());
});

test("all matrices begin as Xavier's, attention's biases at 0", () => {
  const transformer = new Transformer({
    dim: 24,
    heads: 2,
    encoderLayers: 1,
    decoderLayers: 1,
    feedForwardDim: 36,
    random: new Random(1),
  });
  const largest = (path: string): number =>
    Math.max(...(transformer.parameters().get(path)?.value.dataSync().map(Math.abs) ?? []));
  const layer = "decoder.layers.0";
  for (const [path, bound] of [
    ["crossAttention.key.weight", 6 / 96],
    ["crossAttention.output.weight", 6 / 48],
    ["feedForward.expand.weight", 6 / 60],
    ["feedForward.contract.weight", 6 / 60],
  ] as const) {
    expect(largest(`${layer}.${path}`)).toBeLessThanOrEqual(Math.sqrt(bound));
    expect(largest(`${layer}.${path}`)).toBeGreaterThan(0.97 * Math.sqrt(bound));
  }
  expect(largest(`${layer}.crossAttention.output.bias`)).toBe(0);
  expect(largest(`${layer}.feedForward.expand.bias`)).toBeGreaterThan(0.9 / Math.sqrt(24));
  transformer.dispose();
});

test("another attention can be passed in, and is told all that the layer knows", () => {
  const [encoderCalls, decoderCalls]: [AttentionInputs[], AttentionInputs[]] = [[], []];
  const transformer = new Transformer({
    dim: 6,
    heads: 2,
    encoderLayers: 2,
    decoderLayers: 1,
    feedForwardDim: 7,
    dropout: 0,
    random: new Random(1),
    encoderAttention: () => new MeanAttention(encoderCalls),
    decoderAttention: () => new MeanAttention(decoderCalls),
  });
  expect(transformer.parameters().has("encoder.layers.1.selfAttention.projection.weight")).toBe(true);
  tidy(() => {
    const tokens = uniformTensor<Rank.R3>([2, 5, 6], { seed: 1 });
    const position = uniformTensor<Rank.R3>([2, 5, 6], { seed: 2 });
    const paddingMask = zeros<Rank.R2>([2, 5], "bool");
    const queryPosition = uniformTensor<Rank.R2>([3, 6], { seed: 3 });
    const levelShapes = [{ height: 1, width: 5 }];
    const referencePoints = ones([2, 5, 1, 2]);
    const { memory: encoded } = transformer.call(
      { tokens, position, paddingMask, queryPosition, levelShapes, referencePoints },
      { training: true },
    );
    expect(encoderCalls.map(({ queries }) => queries === tokens)).toEqual([true, false]);
    for (const call of encoderCalls) {
      expect(call).toMatchObject({ levelShapes });
      expect([call.queryPosition, call.memoryPosition, call.memoryPaddingMask, call.referencePoints]).toEqual([
        position,
        position,
        paddingMask,
        referencePoints,
      ]);
      expect(call.memory).toBe(call.queries);
    }
    expect(decoderCalls).toHaveLength(1);
    expect([decoderCalls[0]?.queryPosition, decoderCalls[0]?.memory, decoderCalls[0]?.memoryPosition]).toEqual([
      queryPosition,
      encoded,
      position,
    ]);
    // The encoder's reference points are those of its own queries.
    expect(decoderCalls[0]?.referencePoints).toBeUndefined();
  });
  transformer.dispose();
});

test("positions go into queries and keys, never into values", () => {
  const attention = new DenseAttention({ dim: 6, heads: 2, random: new Random(1) });
  tidy(() => {
    const queries = uniformTensor<Rank.R3>([1, 3, 6], { seed: 1 });
    const memory = uniformTensor<Rank.R3>([1, 5, 6], { seed: 2 });
    const position = uniformTensor<Rank.R2>([5, 6], { seed: 3 });
    const before = attention.call({ queries, memory, memoryPosition: position });
    // One that the softmax cannot see: the same for all keys.
    const constant = attention.call({ queries, memory, memoryPosition: ones([5, 6]) });
    expectClose(constant, attention.call({ queries, memory }), { atol: 1e-5 });
    expect(before.dataSync()).not.toEqual(constant.dataSync());
  });
  attention.dispose();
});

test("self-attention with a position equals attending to a copy of itself", () => {
  const attention = new DenseAttention({ dim: 6, heads: 2, random: new Random(1) });
  tidy(() => {
    const tokens = uniformTensor<Rank.R3>([2, 3, 6], { seed: 1 });
    const position = uniformTensor<Rank.R3>([2, 3, 6], { seed: 2 });
    const self = attention.call({ queries: tokens, queryPosition: position, memory: tokens, memoryPosition: position });
    expectClose(
      self,
      attention.call({
        queries: tokens,
        queryPosition: position,
        memory: clone(tokens),
        memoryPosition: clone(position),
      }),
    );
  });
  attention.dispose();
});

test("each layer's queries may move the reference points; the caller's tensors outlive the decoder", () => {
  const calls: AttentionInputs[] = [];
  const sizes = {
    dim: 6,
    heads: 2,
    encoderLayers: 1,
    decoderLayers: 3,
    feedForwardDim: 7,
    dropout: 0,
    random: new Random(1),
  };
  const transformer = new Transformer({
    ...sizes,
    decoderNorm: false,
    decoderAttention: () => new MeanAttention(calls),
  });
  expect(transformer.decoder.norm).toBeUndefined();
  tidy(() => {
    const inputs = {
      queries: uniformTensor<Rank.R3>([2, 3, 6], { seed: 1 }),
      memory: uniformTensor<Rank.R3>([2, 5, 6], { seed: 2 }),
    };
    const points = [ones([2, 3, 1, 2]), zeros([2, 3, 1, 4])] as const;
    const seen: Tensor3D[] = [];
    const before = memory().numTensors;
    const states = transformer.decoder.call(
      {
        ...inputs,
        referencePoints: points[0],
        moveQueries: (queries, layer) => {
          seen.push(clone(queries));
          return layer === 0 ? { referencePoints: points[1] } : undefined;
        },
      },
      { training: true },
    );
    expect(memory().numTensors - before).toBe(1 + seen.length);
    expect(calls.map(({ referencePoints }) => referencePoints)).toEqual([points[0], points[1], points[1]]);
    expectClose(states, stack(seen));
    expect(calls.every((call) => !("moveQueries" in call))).toBe(true);
    // Where there is a norm, it comes after.
    const norm = new LayerNorm({ dim: 6 });
    const normed = new TransformerDecoder({ layers: transformer.decoder.layers, norm }).call(
      { ...inputs, referencePoints: points[0] },
      { training: true },
    );
    expectClose(normed, norm.call(states), { atol: 1e-5 });
    norm.dispose();
  });
  transformer.dispose();
});

test("what does not fit is named", () => {
  const transformer = new Transformer({
    dim: 6,
    heads: 2,
    encoderLayers: 1,
    decoderLayers: 1,
    feedForwardDim: 7,
    random: new Random(1),
  });
  tidy(() => {
    const call = (Q: number[]): unknown =>
      transformer.call({ tokens: zeros([2, 5, 6]), queryPosition: zeros(Q as [number, number]) });
    expect(() => call([3, 7])).toThrow("Transformer.call: queryPosition expected [Q, 6], got [3, 7]");
    expect(() => call([3, 3, 6])).toThrow("Transformer.call: queryPosition expected [2, Q, 6], got [3, 3, 6]");
    expect(() =>
      transformer.call({ tokens: zeros([2, 5, 6]), queryPosition: zeros([3, 6]) }, { training: true }),
    ).toThrow(ConfigError);
  });
  expect(() => new TransformerDecoder({ layers: [] })).toThrow("TransformerDecoder: needs at least one layer");
  transformer.dispose();
});

test("an observer is told of every attention to the image, in the order of the layers, and changes nothing", () => {
  const random = new Random(5);
  const sizes = { dim: 6, heads: 2, encoderLayers: 2, decoderLayers: 3, feedForwardDim: 7, dropout: 0 };
  const transformer = new Transformer({ ...sizes, random });
  const inputs = {
    tokens: uniformTensor<Rank.R3>([2, 5, 6], { seed: 1 }),
    position: uniformTensor<Rank.R3>([2, 5, 6], { seed: 2 }),
    queryPosition: uniformTensor<Rank.R2>([3, 6], { seed: 3 }),
  };
  const observed: string[] = [];
  const silent = transformer.call(inputs);
  const before = memory().numTensors;
  const told = transformer.call(inputs, {
    observeAttention: ({ part, attention, inputs: { queries, memory: attended } }) => {
      const layer =
        part === "encoder"
          ? transformer.encoder.layers.findIndex(({ selfAttention }) => selfAttention === attention)
          : transformer.decoder.layers.findIndex(({ crossAttention }) => crossAttention === attention);
      observed.push(`${part} ${layer}: ${queries.shape[1]} of ${attended.shape[1]}`);
    },
  });
  expect(observed).toEqual([
    "encoder 0: 5 of 5",
    "encoder 1: 5 of 5",
    "decoder 0: 3 of 5",
    "decoder 1: 3 of 5",
    "decoder 2: 3 of 5",
  ]);
  expect(memory().numTensors).toBe(before + 2);
  expectClose(told.states, silent.states.dataSync(), { rtol: 0, atol: 0 });
  transformer.dispose();
  dispose([...Object.values(inputs), ...Object.values(silent), ...Object.values(told)]);
});

test("a dense attention tells the weights by which it averages: none on padding, together 1", () => {
  const attention = new DenseAttention({ dim: 6, heads: 2, random: new Random(4) });
  const inputs = {
    queries: uniformTensor<Rank.R3>([2, 3, 6], { seed: 1 }),
    queryPosition: uniformTensor<Rank.R3>([2, 3, 6], { seed: 2 }),
    memory: uniformTensor<Rank.R3>([2, 5, 6], { seed: 3 }),
    memoryPaddingMask: tensor2d([0, 0, 0, 0, 0, 0, 0, 1, 0, 1], [2, 5], "bool"),
  };
  const before = memory().numTensors;
  const { kind, weights } = attention.attendedPlaces(inputs);
  expect([kind, weights.shape]).toEqual(["dense", [2, 3, 5]]);
  expect(memory().numTensors).toBe(before + 1);
  const rows = weights.arraySync() as number[][][];
  rows.flat().forEach((row) => expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6));
  rows[1]?.forEach((row) => expect([row[2], row[4]]).toEqual([0, 0]));
  expect(rows[0]?.[0]?.every((weight) => weight > 0)).toBe(true);
  attention.dispose();
  dispose([weights, ...Object.values(inputs)]);
});
