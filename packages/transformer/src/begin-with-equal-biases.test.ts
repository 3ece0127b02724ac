import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { ones } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Transformer } from "./transformer.ts";

useBackend("cpu");

const create = (): Transformer => new Transformer({ dim: 6, heads: 3, encoderLayers: 3, decoderLayers: 2, feedForwardDim: 7, random: new Random(1) });

/** The values of each parameter below every layer of a stack, by the parameter's path in the layer. */
function valuesByPath(layers: Transformer["encoder" | "decoder"]["layers"]): Map<string, { readonly rank: number; readonly values: readonly string[] }> {
  const all = layers.map((layer) => layer.parameters());
  return new Map(
    [...(all[0] ?? [])].map(([path, { shape }]) => [path, { rank: shape.length, values: all.map((parameters) => `${parameters.get(path)?.value.dataSync()}`) }]),
  );
}

test("what has one axis begins equal in the layers of a stack, matrices do not", () => {
  const transformer = create();
  const { encoder, decoder } = transformer;
  for (const { layers } of [encoder, decoder]) {
    const parameters = [...valuesByPath(layers)];
    expect(parameters.filter(([path]) => path.startsWith("feedForward.")).map(([, { rank }]) => rank)).toEqual([2, 1, 2, 1]);
    for (const [path, { rank, values }] of parameters) expect([path, new Set(values).size]).toEqual([path, rank === 1 ? 1 : layers.length]);
  }
  transformer.dispose();
});

test("the biases of a feed-forward part are drawn, for each stack anew", () => {
  const transformer = create();
  const { encoder, decoder } = transformer;
  const [ofEncoder, ofDecoder] = [encoder, decoder].map(({ layers }) => layers[0]?.feedForward.expand.bias?.value.dataSync() ?? []);
  expect(new Set([...(ofEncoder ?? []), ...(ofDecoder ?? [])]).size).toBe(14);
  transformer.dispose();
});

test("a bias that is changed later leaves those of the other layers", () => {
  const transformer = create();
  const biases = transformer.encoder.layers.map(({ feedForward }) => feedForward.contract.bias);
  const before = `${biases[1]?.value.dataSync()}`;
  biases[0]?.assign(ones([6]));
  expect(biases.slice(1).map((bias) => `${bias?.value.dataSync()}`)).toEqual([before, before]);
  transformer.dispose();
});
