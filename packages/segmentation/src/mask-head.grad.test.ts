import { type Parameter, tidyRecord } from "@detrkit/nn";
import { describeOnFusedBackends, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { dispose, mul, type Rank, type Tensor, type Tensor3D, type Tensor4D } from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { dim, headOf, inputsOf } from "../test-support/random-head.ts";
import type { MaskHead } from "./mask-head.ts";

// Two images of different sizes, so that padding is there; masks of some queries of both, not in their order.
const images = [
  { height: 8, width: 16, seed: 1 },
  { height: 16, width: 8, seed: 2 },
];
const padded = { height: 16, width: 16 };
const chosen = [4, 0, 2];

/** How much of the maps is taken: their padding is filled with a number far from the others. */
const scale = 0.5;

/** Away from the kinks of ReLUs, whose gradients the recorded cases have: what the norms give stays above 0. */
function smoothHead(finerChannels: readonly number[]): MaskHead {
  const head = headOf(finerChannels);
  for (const { norm } of head.tower.blocks) {
    norm.weight.assign(uniformTensor<Rank.R1>([norm.weight.size], { seed: 3, low: 0.3, high: 0.6 }));
    norm.bias.assign(uniformTensor<Rank.R1>([norm.bias.size], { seed: 4, low: 2, high: 2.5 }));
  }
  // Small logits, of which float32 leaves more digits for the differences.
  head.tower.output.weight.assign(uniformTensor<Rank.R4>([3, 3, 16, 1], { seed: 5, low: -0.3, high: 0.3 }));
  return head;
}

/** One step up is what several are made of. Finer maps are those of a backbone (DETR) or of the memory (Deformable). */
const kinds = [
  { name: "DETR", finerChannels: [5] },
  { name: "Deformable DETR", finerChannels: [dim] },
];

const paths = [
  "attentionMap.query.bias",
  "attentionMap.key.weight",
  "tower.adapters.0.weight",
  "tower.blocks.1.norm.weight",
  "tower.blocks.2.convolution.bias",
  "tower.output.weight",
];

// In plain JavaScript sums are rounded too much for differences; its gradients are composed of the same ops.
describeOnFusedBackends("MaskHead", () => {
  test.each(kinds)("as of $name: gradients by inputs and parameters equal finite differences", ({ finerChannels }) => {
    const head = smoothHead(finerChannels);
    const inputs = tidyRecord(() => inputsOf(images, padded, finerChannels));
    const { queries, memory, map, finer } = inputs;
    const given = [memory, map.features, ...finer.map(({ features }) => features)];
    const maps = given.map((features) => mul(features, scale));
    const compute = (...[q, m, x, ...fine]: Tensor[]): Tensor => {
      const levels = finer.map((level, step) => ({ ...level, features: fine[step] as Tensor4D }));
      const coarse = { ...map, features: x as Tensor4D };
      return head
        .call({ queries: q as Tensor3D, memory: m as Tensor4D, map: coarse, finer: levels, padded })
        .of(chosen);
    };
    const variables = paths.map((path) => (head.parameters().get(path) as Parameter).value);
    expectGradients(compute, [queries, ...maps], { variables, step: 2e-2 });
    dispose([queries, map.paddingMask, ...given, ...maps]);
    head.dispose();
  });
});
