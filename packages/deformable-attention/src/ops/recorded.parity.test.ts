import { describeOnBackends, expectClose, loadFixture } from "@detrkit/test-utils";
import { abs, grads, max, mul, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { withTensors } from "../../test-support/random-operands.ts";
import { composedDeformableAttention } from "./composed.ts";
import { multiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";

interface Recorded {
  readonly config: { readonly spatial_shapes_hw: readonly (readonly [number, number])[] };
}

const names = ["value", "sampling_locations", "attention_weights"];

// The parity tool runs all cases on one backend; here each way of computing has to hold.
describeOnBackends("multi-scale deformable attention as recorded from the original", () => {
  test.each(["l1p4", "l2p1", "l2p4-borders-exact", "l3p2-thin-levels", "l4p4-far-outside"])(
    "%s: values and all gradients, as the op and as composed",
    async (name) => {
      const fixture = await loadFixture<Recorded>(
        new URL(`../../../../fixtures/deformable-attention/${name}`, import.meta.url),
      );
      tidy(() => {
        const levelShapes = fixture.json.config.spatial_shapes_hw.map(([height, width]) => ({ height, width }));
        const inputs = names.map((each) => fixture.tensor(`in.${each}`));
        const cotangent = fixture.tensor("in.cotangent");
        for (const attend of [multiScaleDeformableAttention, composedDeformableAttention]) {
          const compute = (...tensors: Tensor[]): Tensor => attend(withTensors({ levelShapes }, tensors));
          expectWithin(compute(...inputs), fixture.tensor("out.output"), 1e-5);
          const gradients = grads((...tensors: Tensor[]) => sum(mul(compute(...tensors), cotangent)))(inputs);
          gradients.forEach((gradient, index) =>
            expectWithin(gradient, fixture.tensor(`grad.in.${names[index]}`), 3e-5),
          );
        }
      });
    },
  );
});

/** As the recordings state their tolerance: relative to the largest entry. */
function expectWithin(got: Tensor, want: Tensor, rtol: number): void {
  const largest = max(abs(want)).dataSync()[0] ?? 0;
  expectClose(got, want, { rtol: 0, atol: rtol * largest });
}
