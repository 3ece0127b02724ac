import type { ImageSize } from "@detrkit/nn";
import { Random } from "@detrkit/common";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import { slice, stack, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  batch,
  batchOf,
  C,
  detectorOf,
  dim,
  L,
  large,
  levelsOf,
  PatchBackbone,
  positionEncoding,
  Q,
  small,
  tokensOf,
  variants,
} from "../../test-support/patch-detector.ts";
import { DeformableDetr } from "./deformable-detr.ts";

describeOnBackends("DeformableDetr", () => {
  test.each(variants)(
    "$name: every decoder layer predicts logits and boxes within the image for every query",
    (variant) => {
      const model = detectorOf(variant);
      tidy(() => {
        const { logits, boxes, auxiliary, stacked, encoder } = model.call(batch());
        expect(auxiliary).toHaveLength(L - 1);
        for (const layer of [{ logits, boxes }, ...auxiliary]) {
          expect(layer.logits.shape).toEqual([2, Q, C]);
          expect(layer.boxes.shape).toEqual([2, Q, 4]);
          expect(layer.boxes.dataSync().every((value) => value > 0 && value < 1)).toBe(true);
        }
        expectClose(stacked.logits, stack([...auxiliary.map((layer) => layer.logits), logits]));
        expectClose(stacked.boxes, stack([...auxiliary.map((layer) => layer.boxes), boxes]));
        expect([...(auxiliary[0]?.boxes.dataSync() ?? [])]).not.toEqual([...boxes.dataSync()]);
        // 37 × 43 pixels are 9 × 10, 4 × 5 and 2 × 3 cells.
        expect(encoder?.logits.shape).toEqual(variant.twoStage ? [2, 116, C] : undefined);
        expect(encoder?.boxes.shape).toEqual(variant.twoStage ? [2, 116, 4] : undefined);
      });
      model.dispose();
    },
  );

  test.each(variants)("$name: without auxiliary outputs the last layer predicts the same", (variant) => {
    const model = detectorOf(variant);
    tidy(() => {
      const given = batch();
      const [all, last] = [model.call(given), model.call(given, { auxiliary: false })];
      expect(last.auxiliary).toEqual([]);
      expect(last.encoder).toBeUndefined();
      expectClose(last.boxes, all.boxes);
      expectClose(last.logits, all.logits);
    });
    model.dispose();
  });

  test.each(variants)(
    "$name: the same image gives the same boxes whatever the padding of its feature levels",
    (variant) => {
      const model = detectorOf(variant);
      tidy(() => {
        const image = levelsOf(1, small);
        const unpadded = model.detect(tokensOf([image], small)).output;
        for (const shapes of [
          large,
          large.map(({ height }, level) => ({ height, width: (small[level] as ImageSize).width })),
        ]) {
          const { output } = model.detect(tokensOf([image], shapes));
          expectClose(output.boxes, unpadded.boxes, { rtol: 1e-4, atol: 1e-5 });
          expectClose(output.logits, unpadded.logits, { rtol: 1e-4, atol: 1e-4 });
        }
      });
      model.dispose();
    },
  );

  test.each(variants)("$name: a batch of several sizes equals its images one by one", (variant) => {
    const model = detectorOf(variant);
    tidy(() => {
      const sizes = [small, large, large.map(({ height, width }) => ({ height: height - 1, width: width - 1 }))];
      const together = model.detect(
        tokensOf(
          sizes.map((of, image) => levelsOf(image, of)),
          large,
        ),
      ).output;
      sizes.forEach((of, image) => {
        const alone = model.detect(tokensOf([levelsOf(image, of)], of)).output;
        expectClose(alone.boxes, slice(together.boxes, [image, 0, 0], [1, Q, 4]), { rtol: 1e-4, atol: 1e-5 });
        expectClose(alone.logits, slice(together.logits, [image, 0, 0], [1, Q, C]), { rtol: 1e-4, atol: 1e-4 });
      });
    });
    model.dispose();
  });

  test("with group norm before it, which counts padding as the original's does, padding moves boxes a little", () => {
    const model = detectorOf({ boxRefinement: true });
    tidy(() => {
      const size = { height: 48, width: 64 };
      const unpadded = model.call(batchOf([size], size));
      const padded = model.call(batchOf([size], { height: 56, width: 72 }));
      expectClose(padded.boxes, unpadded.boxes, { rtol: 0, atol: 0.1 });
      expect([...padded.boxes.dataSync()]).not.toEqual([...unpadded.boxes.dataSync()]);
    });
    model.dispose();
  });

  test("a further level comes from the backbone's last map, the next one from the level before", () => {
    const model = detectorOf({ featureLevels: 4 });
    expect(model.inputProjections.map(({ convolution }) => convolution.weight.shape)).toEqual([
      [1, 1, 5, dim],
      [1, 1, 7, dim],
      [3, 3, 7, dim],
      [3, 3, dim, dim],
    ]);
    tidy(() => {
      const { levelShapes, levelSizes, tokens } = model.levelTokens(batch());
      expect(levelShapes).toEqual(
        [
          [9, 10],
          [4, 5],
          [2, 3],
          [1, 2],
        ].map(([height, width]) => ({ height, width })),
      );
      // The second image is 29 of 37 pixels high: nearest pixels 0 and 18 of two rows, 0, 9, 18 and 27 of four.
      expect(levelSizes.map((sizes) => sizes[1]?.height)).toEqual([8, 4, 2, 1]);
      expect(tokens.shape).toEqual([2, 118, dim]);
    });
    model.dispose();
  });

  test("detections are the best of all queries and classes, at most 100", async () => {
    const model = detectorOf({});
    const output = tidy(() => {
      const { logits, boxes } = model.call(batch());
      return { logits, boxes };
    });
    const images = await model.postProcess(output, [
      { height: 370, width: 410 },
      { height: 290, width: 430 },
    ]);
    expect(images.map(({ scores }) => scores.length)).toEqual([Q * C, Q * C]);
    expect(
      images.every(({ scores }) =>
        scores.every((score, index) => index === 0 || score <= (scores[index - 1] as number)),
      ),
    ).toBe(true);
    output.logits.dispose();
    output.boxes.dispose();
    model.dispose();
  });

  test("parts that do not fit are refused with what to do", () => {
    const backbone = new PatchBackbone();
    const config = {
      backbone,
      positionEncoding,
      transformer: undefined as never,
      numClasses: C,
      numQueries: Q,
      random: new Random(1),
    };
    expect(() => new DeformableDetr({ ...config, twoStage: true })).toThrow(
      "DeformableDetr: twoStage needs boxRefinement",
    );
    expect(() => new DeformableDetr({ ...config, featureLevels: 1 })).toThrow(
      "featureLevels expected at least 2, the backbone's, got 1; let the backbone return fewer stages",
    );
    expect(() => new DeformableDetr({ ...config, positionEncoding: new SinePositionEncoding({ dim: 40 }) })).toThrow(
      "width expected a multiple of 32, got 40",
    );
    expect(() => new DeformableDetr({ ...config, numQueries: 0 })).toThrow(
      "DeformableDetr: numQueries expected a whole number of at least 1 and at most 2147483647, got 0",
    );
    backbone.dispose();
    const model = detectorOf({ boxRefinement: true, twoStage: true, numQueries: 70 });
    tidy(() => {
      expect(() => model.detect(tokensOf([levelsOf(1, small)], small))).toThrow(
        "70 queries expected at least as many tokens to choose from, got 51; take larger images",
      );
    });
    model.dispose();
  });
});
