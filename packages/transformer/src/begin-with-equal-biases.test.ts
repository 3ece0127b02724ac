import { Random } from "@detrkit/common";
import type { Parameter } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { ones } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Transformer } from "./transformer.ts";

useBackend("cpu");

const sizes = { dim: 6, heads: 3, encoderLayers: 3, decoderLayers: 2, feedForwardDim: 7 };
const create = (): Transformer => new Transformer({ ...sizes, random: new Random(1) });
const textOf = (parameter: Parameter | undefined): string => `${parameter?.value.dataSync()}`;

test("what has one axis begins equal in the layers of a stack, matrices do not", () => {
  const transformer = create();
  for (const { layers } of [transformer.encoder, transformer.decoder]) {
    const all = layers.map((layer) => layer.parameters());
    const [first = new Map<string, Parameter>()] = all;
    expect([...first.keys()].filter((path) => path.startsWith("feedForward.")).length).toBe(4);
    for (const [path, { shape }] of first) {
      const different = new Set(all.map((parameters) => textOf(parameters.get(path)))).size;
      expect([path, different]).toEqual([path, shape.length === 1 ? 1 : layers.length]);
    }
  }
  transformer.dispose();
});

test("the biases of a feed-forward part are drawn, for each stack anew", () => {
  const transformer = create();
  const firstLayers = [transformer.encoder.layers[0], transformer.decoder.layers[0]];
  const biases = firstLayers.map((layer) => layer?.feedForward.expand.bias);
  expect(new Set(biases.flatMap((bias) => [...(bias?.value.dataSync() ?? [])])).size).toBe(2 * 7);
  transformer.dispose();
});

test("a bias that is changed later leaves those of the other layers", () => {
  const transformer = create();
  const [changed, ...others] = transformer.encoder.layers.map(({ feedForward }) => feedForward.contract.bias);
  const before = textOf(changed);
  changed?.assign(ones([6]));
  expect(others.map(textOf)).toEqual([before, before]);
  transformer.dispose();
});
