import { expectClose, uniformTensor, describeOnBackends } from "@detrkit/test-utils";
import { dispose, memory, type Rank, tensor3d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { LayerPrediction } from "@detrkit/boxes";
import { type ImageDetections, listDetections } from "./detections.ts";
import { postProcess, postProcessTopK } from "./post-process.ts";

describeOnBackends("postProcess", () => {
  test("softmax detections: the best real class, its probability, its box in source pixels", async () => {
    // Probabilities 1/6, 2/6, 3/6 (no object) and 8/10, 1/10, 1/10.
    const logits = tensor3d([
      [
        [0, Math.log(2), Math.log(3)],
        [Math.log(8), 0, 0],
      ],
    ]);
    const boxes = tensor3d([
      [
        [0.5, 0.5, 0.5, 0.2],
        [0.1, 0.2, 0.1, 0.4],
      ],
    ]);
    const [image] = (await postProcess({ logits, boxes }, [{ height: 100, width: 200 }])) as [ImageDetections];
    expectClose(image.scores, [1 / 3, 0.8]);
    expect([...image.labels]).toEqual([1, 0]);
    expectClose(image.boxes, [50, 40, 150, 60, 10, 0, 30, 40], { atol: 1e-4 });
    dispose([logits, boxes]);
  });

  test("sigmoid detections: the highest scores over queries and classes, so that one query can have two", async () => {
    const logits = tensor3d([
      [
        [2, 1, -1],
        [-2, 0, -3],
      ],
    ]);
    const boxes = tensor3d([
      [
        [0.5, 0.5, 1, 1],
        [0.25, 0.25, 0.5, 0.5],
      ],
    ]);
    const [image] = (await postProcessTopK({ logits, boxes }, [{ height: 10, width: 20 }], 3)) as [ImageDetections];
    expectClose(
      image.scores,
      [2, 1, 0].map((logit) => 1 / (1 + Math.exp(-logit))),
    );
    expect([...image.labels]).toEqual([0, 1, 1]);
    expectClose(image.boxes, [0, 0, 20, 10, 0, 0, 20, 10, 0, 0, 10, 5]);
    dispose([logits, boxes]);
  });

  function randomOutput(): LayerPrediction {
    return {
      logits: uniformTensor<Rank.R3>([3, 7, 5], { seed: 1, low: -4, high: 4 }),
      boxes: uniformTensor<Rank.R3>([3, 7, 4], { seed: 2, low: 0 }),
    };
  }

  test("images of a batch are read with their own sizes, and no tensor is left behind", async () => {
    const output = randomOutput();
    const before = memory().numTensors;
    const sizes = [
      { height: 11, width: 13 },
      { height: 17, width: 19 },
      { height: 23, width: 29 },
    ];
    const images = await postProcess(output, sizes);
    expect(memory().numTensors).toBe(before);
    const unit = await postProcess(
      output,
      sizes.map(() => ({ height: 1, width: 1 })),
    );
    images.forEach(({ boxes, scores }, image) => {
      const { height, width } = sizes[image] as (typeof sizes)[number];
      expectClose(
        boxes,
        (unit[image] as ImageDetections).boxes.map((value, index) => value * (index % 2 === 0 ? width : height)),
      );
      expect(scores).toEqual(unit[image]?.scores);
    });
    dispose([output.logits, output.boxes]);
  });

  test("errors name the argument and how many there are", async () => {
    const output = randomOutput();
    await expect(postProcess(output, [{ height: 1, width: 1 }])).rejects.toThrow(
      "postProcess: sourceSizes expected [3], got [1]",
    );
    await expect(postProcessTopK(output, [], 36)).rejects.toThrow(
      "count expected at most 35 (7 queries × 5 classes), got 36",
    );
    dispose([output.logits, output.boxes]);
  });

  test("detections are listed with names and data-set ids, highest score first, above the threshold", () => {
    const detections: ImageDetections = {
      scores: Float32Array.of(0.25, 0.75, 0.5),
      labels: Int32Array.of(1, 0, 1),
      boxes: Float32Array.from({ length: 12 }, (_, index) => index),
    };
    const categories = [
      { id: 17, name: "cat" },
      { id: 18, name: "dog" },
    ];
    expect(listDetections(detections, { categories, threshold: 0.5 })).toEqual([
      { label: "cat", labelId: 17, score: 0.75, box: { xmin: 4, ymin: 5, xmax: 6, ymax: 7 } },
      { label: "dog", labelId: 18, score: 0.5, box: { xmin: 8, ymin: 9, xmax: 10, ymax: 11 } },
    ]);
    expect(listDetections(detections, { categories })).toHaveLength(3);
    expect(() => listDetections(detections, { categories: categories.slice(0, 1) })).toThrow(
      "label 1 has no category; got 1 of them",
    );
  });
});
