import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import {
  add,
  concat,
  fill,
  memory,
  mul,
  type Scalar,
  sigmoid,
  square,
  stack,
  sum,
  type Tensor,
  tidy,
  variableGrads,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  batch,
  C,
  detectorOf,
  dim,
  L,
  large,
  levelsOf,
  Q,
  small,
  tokensOf,
  variants,
} from "../../test-support/patch-detector.ts";
import type { DeformableDetr } from "./deformable-detr.ts";
import { gridProposals, type ProposalQueries } from "./queries.ts";

describeOnBackends("proposals, initial values and gradients of DeformableDetr", () => {
  test.each(variants)(
    "$name: a new model finds every class with a probability of about 0.01, in boxes that its layers leave alone",
    (variant) => {
      const model = detectorOf(variant, { trained: false });
      tidy(() => {
        const { output, proposals, reference } = model.detect(model.levelTokens(batch()));
        for (const { bias } of model.classHeads)
          expectClose(bias?.value as Tensor, Array<number>(C).fill(-Math.log(99)));
        expectClose(output.stacked.boxes, stack(Array.from({ length: L }, () => output.boxes)));
        expect(proposals === undefined).toBe(!variant.twoStage);
        if (variant.twoStage) return expectClose(output.boxes, sigmoid(reference), { rtol: 1e-4 });
        expectClose(output.boxes, concat([sigmoid(reference), fill([2, Q, 2], 1 / (1 + Math.exp(2)))], 2), {
          rtol: 1e-4,
        });
      });
      model.dispose();
    },
  );

  test("proposals become queries in the order of their first class's score, where there is a box", () => {
    const model = detectorOf({ boxRefinement: true, twoStage: true, numQueries: 11 });
    tidy(() => {
      const tokens = tokensOf([levelsOf(1, small), levelsOf(2, large)], large);
      const { proposals } = model.detect(tokens);
      const { valid } = gridProposals(tokens);
      const S = tokens.tokens.shape[1];
      const logits = proposals?.logits.dataSync() ?? [];
      const scoreOf = (image: number, token: number): number => logits[(image * S + token) * C] as number;
      for (const image of [0, 1]) {
        const ranked = Array.from({ length: S }, (_, token) => token).toSorted(
          (one, other) => scoreOf(image, other) - scoreOf(image, one),
        );
        const expected = ranked.filter((token) => valid[image * S + token] === 1).slice(0, 11);
        expect([...(proposals?.chosen.dataSync().slice(image * 11, (image + 1) * 11) ?? [])]).toEqual(expected);
      }
    });
    model.dispose();
  });

  test("tokens without a box are never preferred; where nothing else is left their boxes are finite", () => {
    const S = large.reduce((total, { height, width }) => total + height * width, 0);
    const model = detectorOf({ boxRefinement: true, twoStage: true, numQueries: S });
    tidy(() => {
      const tokens = tokensOf([levelsOf(1, small)], large);
      const valid = gridProposals(tokens).valid;
      // All tokens then have the same score.
      (model.queries as ProposalQueries).encoderOutputNorm.weight.assign(zeros([dim]));
      const { output, proposals } = model.detect(tokens);
      const chosen = [...(proposals?.chosen.dataSync() ?? [])];
      const count = valid.filter((isValid) => isValid === 1).length;
      expect(count).toBeLessThan(S);
      expect(chosen.slice(0, count).every((token) => valid[token] === 1)).toBe(true);
      expect(
        [...output.boxes.dataSync(), ...(output.encoder?.boxes.dataSync() ?? [])].every(
          (value) => value >= 0 && value <= 1,
        ),
      ).toBe(true);
    });
    model.dispose();
  });

  /** Parameters that a loss on one layer's boxes changes. */
  function reachedBy(model: DeformableDetr, layer: number): Set<string> {
    return tidy(() => {
      const given = batch();
      const { grads } = variableGrads((): Scalar => {
        const { boxes, auxiliary } = model.call(given);
        return sum(square((auxiliary[layer] ?? { boxes }).boxes));
      });
      const isReached = (value: Tensor | undefined): boolean => value?.dataSync().some((entry) => entry !== 0) ?? false;
      return new Set(
        [...model.trainableParameters()].filter(([, { value }]) => isReached(grads[value.name])).map(([path]) => path),
      ) as never;
    });
  }

  test("a layer's box trains its own head, not the heads of the layers before, whose boxes it refines", () => {
    const model = detectorOf({ boxRefinement: true });
    const [first, last] = [reachedBy(model, 0), reachedBy(model, 1)];
    for (const [reached, own, other] of [
      [first, 0, 1],
      [last, 1, 0],
    ] as const) {
      expect(reached.has(`boxHeads.${own}.layers.2.weight`)).toBe(true);
      expect(reached.has(`boxHeads.${other}.layers.2.weight`)).toBe(false);
      // Through the first layer's attention, which samples around it.
      expect(reached.has("queries.referencePoints.weight")).toBe(true);
    }
    expect(first.has("transformer.decoder.layers.1.feedForward.expand.weight")).toBe(false);
    expect(last.has("transformer.decoder.layers.0.feedForward.expand.weight")).toBe(true);
    model.dispose();
  });

  test("the loss on the decoder's boxes does not train what chooses the proposals", () => {
    const model = detectorOf({ boxRefinement: true, twoStage: true });
    const reached = reachedBy(model, 1);
    expect(
      [...reached].filter(
        (path) =>
          path.startsWith("queries.encoderOutput") || path.startsWith(`boxHeads.${L}`) || path.startsWith("classHeads"),
      ),
    ).toEqual([]);
    expect(reached.has("queries.queryProjection.weight")).toBe(true);
    model.dispose();
  });

  test.each(variants)(
    "$name: every trainable parameter gets a gradient, and steps leave no tensor behind",
    (variant) => {
      const model = detectorOf(variant);
      tidy(() => {
        const given = batch();
        const step = (): string[] =>
          tidy(() => {
            const random = new Random(9);
            const { grads } = variableGrads((): Scalar => {
              const { stacked, encoder } = model.call(given, { training: true, random });
              const losses = [stacked, ...(encoder === undefined ? [] : [encoder])].map(({ logits, boxes }) =>
                add(sum(square(logits)), sum(mul(boxes, boxes))),
              );
              return losses.reduce((total, loss) => add(total, loss)) as Scalar;
            });
            return [...model.trainableParameters()].flatMap(([path, { value }]) =>
              grads[value.name]?.dataSync().some((entry) => entry !== 0 && Number.isFinite(entry)) === true
                ? []
                : [path],
            ) as never;
          });
        // The gradient by an attention's key bias is 0 but for rounding.
        expect(step().filter((path) => !path.endsWith("selfAttention.key.bias"))).toEqual([]);
        const before = memory().numTensors;
        step();
        model.call(given);
        const { stacked: _, ...rest } = model.call(given);
        const own = (2 * L + 2 + (rest.encoder === undefined ? 0 : 2)) * 2;
        expect(memory().numTensors - before).toBe(own);
      });
      model.dispose();
    },
  );
});
