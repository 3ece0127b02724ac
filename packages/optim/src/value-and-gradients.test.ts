import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  add,
  clone,
  customGrad,
  memory,
  mul,
  type Rank,
  type Scalar,
  square,
  sum,
  type Tensor,
  tidy,
  type Variable,
  variable,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { valueAndGradients } from "./value-and-gradients.ts";

useBackend("cpu");

/** Runs a test on variables of its own and frees whatever it makes. */
const withVariables = (body: (a: Variable<Rank.R2>, b: Variable<Rank.R2>) => void) => (): void => {
  tidy(() => {
    const variables = [1, 2].map((seed) => variable(uniformTensor<Rank.R2>([2, 3], { seed })));
    try {
      body(variables[0] as Variable<Rank.R2>, variables[1] as Variable<Rank.R2>);
    } finally {
      for (const made of variables) made.dispose();
    }
  });
};

/** The identity, whose gradient is the very tensor that came in, seen on its way. */
const watched = (input: Tensor, see: () => void): Tensor =>
  customGrad((x) => ({
    value: clone(x as Tensor),
    gradFunc: (upstream: Tensor) => {
      see();
      return upstream;
    },
  }))(input);

describe("valueAndGradients", () => {
  test(
    "equals tfjs's own where tensors are used several times, passed through and shared",
    withVariables((a, b) => {
      const loss = (): Scalar => {
        const product = mul(a, b);
        const passed = watched(add(product, product), () => {});
        return sum(add(mul(passed, square(a)), add(passed, passed)));
      };
      const expected = variableGrads(loss, [a, b]);
      const { value, gradients } = valueAndGradients(loss, [a, b]);
      expectClose(value, expected.value);
      [a, b].forEach(({ name }, index) => expectClose(gradients[index] as Tensor, expected.grads[name] as Tensor));
    }),
  );

  test(
    "leaves the value and the gradients, nothing else",
    withVariables((a) => {
      const before = memory().numTensors;
      valueAndGradients(() => sum(square(watched(mul(a, a), () => {}))), [a]);
      expect(memory().numTensors).toBe(before + 2);
    }),
  );

  test(
    "holds less and less while it goes back",
    withVariables((a) => {
      const tensors: number[] = [];
      const loss = (): Scalar => {
        let chain: Tensor = a;
        for (let link = 0; link < 7; link++) chain = square(watched(chain, () => tensors.push(memory().numTensors)));
        return sum(chain);
      };
      valueAndGradients(loss, [a]);
      expect(tensors).toHaveLength(7);
      tensors.slice(1).forEach((held, index) => expect(held).toBeLessThan(tensors[index] as number));
    }),
  );

  test(
    "a variable that the value does not depend on has none",
    withVariables((a, b) => {
      const { gradients } = valueAndGradients(() => sum(square(a)), [a, b]);
      expect(gradients[1]).toBeUndefined();
    }),
  );

  test.each<[string, (a: Tensor) => Scalar, string]>([
    ["no scalar", (a) => square(a) as unknown as Scalar, "the loss must be a scalar, got shape [2, 3]"],
    [
      "nothing trained",
      () => sum(uniformTensor<Rank.R1>([3], { seed: 3 })),
      "the loss depends on none of the trained parameters",
    ],
    [
      "a wrong gradient",
      (a) => sum(customGrad((x) => ({ value: clone(x as Tensor), gradFunc: (dy: Tensor) => sum(dy) }))(a)),
      "expected shape [2, 3], got []",
    ],
    [
      "an error of the loss's own",
      (a) =>
        tidy(() => {
          square(a);
          throw new Error("bad batch");
        }),
      "bad batch",
    ],
  ])("%s is an error that leaves nothing behind", (_, loss, message) =>
    withVariables((a) => {
      const before = memory().numTensors;
      expect(() => valueAndGradients(() => loss(a), [a])).toThrow(message);
      expect(memory().numTensors).toBe(before);
      const again = valueAndGradients(() => sum(square(a)), [a]);
      expectClose(again.gradients[0] as Tensor, mul(a, 2));
    })(),
  );
});
