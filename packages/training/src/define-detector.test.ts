import { type Backbone, type FeatureMap, ResNet } from "@detrkit/backbone";
import { fixedSize, openDataset } from "@detrkit/datasets";
import { checkSettings, type DetectionModel, type ImageDetections, randomFor } from "@detrkit/detr";
import { loadDetector } from "@detrkit/inference";
import { Conv2d, type ImageSize, Module, type PaddedBatch, tidyRecord } from "@detrkit/nn";
import { AdamW } from "@detrkit/optim";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { mean, sigmoid, squaredDifference, type Scalar, type Tensor4D, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineDetector, type OwnSettings } from "./define-detector.ts";
import { train } from "./train.ts";

useBackend("cpu");
const folder = temporaryFolder();

/** What a detector without queries predicts. `B` images, `h w` cells, `C` classes. */
interface CentreMaps {
  /** Logits of an object's centre in each cell `[B, h, w, C]`. */
  readonly centres: Tensor4D;
  /** Width and height of the object there, before the sigmoid `[B, h, w, 2]`. */
  readonly sizes: Tensor4D;
}

const settings = z.strictObject({ width: z.number().int().min(1).describe("Channels of the first stage") });

/** A dense detector, in the manner of CenterNet: a heat map of centres, and the size of the object at each. */
class CentreDetector extends Module implements DetectionModel<CentreMaps> {
  readonly backbone: Backbone;
  readonly centreHead: Conv2d;
  readonly sizeHead: Conv2d;
  readonly numClasses: number;

  constructor({ width, numClasses }: OwnSettings<typeof settings>, random: ReturnType<typeof randomFor>) {
    super();
    const own = { depth: 18, blocks: [1, 1, 1, 1], returnStages: [2], frozenStages: 0 } as const;
    this.backbone = new ResNet({ ...own, norm: "group", stem: "3x3pool", width, random });
    const inputChannels = this.backbone.levels.at(-1)?.channels as number;
    this.centreHead = new Conv2d({ inputChannels, outputChannels: numClasses, kernelSize: 1, random });
    this.sizeHead = new Conv2d({ inputChannels, outputChannels: 2, kernelSize: 1, random });
    this.numClasses = numClasses;
  }

  call(batch: PaddedBatch): CentreMaps {
    return tidyRecord(() => {
      const [map] = this.backbone.call(batch, {});
      const { features } = map as FeatureMap;
      return { centres: this.centreHead.call(features), sizes: this.sizeHead.call(features) };
    });
  }

  /** The best cell of each image. */
  async postProcess({ centres, sizes }: CentreMaps, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
    const [, h, w, C] = centres.shape;
    const [scores, shares] = tidy(() => [sigmoid(centres).dataSync(), sigmoid(sizes).dataSync()]) as Float32Array[];
    return await Promise.all(
      sourceSizes.map(({ width, height }, image) => {
        const own = (scores as Float32Array).subarray(image * h * w * C, (image + 1) * h * w * C);
        const best = own.indexOf(Math.max(...own));
        const cell = Math.floor(best / C);
        const at = (image * h * w + cell) * 2;
        const [x, y] = [(((cell % w) + 0.5) / w) * width, ((Math.floor(cell / w) + 0.5) / h) * height];
        const [right, down] = [((shares?.[at] ?? 0) * width) / 2, ((shares?.[at + 1] ?? 0) * height) / 2];
        const boxes = Float32Array.of(x - right, y - down, x + right, y + down);
        return { scores: Float32Array.of(own[best] ?? 0), labels: Int32Array.of(best % C), boxes };
      }),
    );
  }
}

const dense = defineDetector({
  name: "centre-detector",
  settings,
  create: (own, { random }) => new CentreDetector(own, random),
  criterion: () => ({
    // Enough to learn from: a one at each object's centre.
    call({ centres }, targets) {
      const [B, h, w, C] = centres.shape;
      const truth = new Float32Array(B * h * w * C);
      targets.forEach(({ labels, boxes }, image) => {
        labels.forEach((label, object) => {
          const [x = 0, y = 0] = boxes.subarray(object * 4, object * 4 + 2);
          truth[((image * h + Math.floor(y * h)) * w + Math.floor(x * w)) * C + label] = 1;
        });
      });
      const loss = tidy(
        () => mean(squaredDifference(sigmoid(centres), tensor4d(truth, [B, h, w, C]))) as unknown as Scalar,
      );
      return { loss, terms: { centre: loss.clone() } };
    },
  }),
  presets: { "centre-tiny": { width: 4, epochs: 2, transforms: { kind: "fixed", size: "32x32" } } },
});

test("a preset is told apart into the model and its training", () => {
  expect(dense.presets["centre-tiny"]).toEqual({ model: "centre-detector", numClasses: 1, width: 4 });
  expect(dense.recipes["centre-tiny"]).toEqual({ epochs: 2, transforms: { kind: "fixed", size: "32x32" } });
  expect(dense.title).toBe("centre-detector");
});

test("a detector without queries is trained, evaluated, kept and loaded as any other", async () => {
  const data = await openDataset("shapes:count=4,size=32,smallest=10,largest=20,objects=1,classes=2");
  const detector = { ...(dense.presets["centre-tiny"] as OwnSettings<typeof settings>), numClasses: 2 };
  const model = dense.create(detector, { random: randomFor({ seed: 1 }) });
  const optimizer = new AdamW({ groups: [{ learningRate: 1e-2 }] });
  const size = fixedSize({ width: 32, height: 32 }, { training: false });
  const { records } = await train({
    model,
    criterion: dense.criterion({}),
    optimizer,
    data: { training: data, validation: data },
    detector,
    transforms: { training: size, evaluation: size },
    batchSize: 2,
    epochs: 3,
    output: folder,
  });
  expect(records).toHaveLength(3);
  expect(records[2]?.loss).toBeLessThan(records[0]?.loss as number);
  expect(records[2]?.metrics).toBeDefined();
  optimizer.dispose();
  model.dispose();

  await expect(loadDetector(folder)).rejects.toThrow('model "centre-detector", which is none of deformable-detr, detr');
  const loaded = await loadDetector(folder, { detectors: [dense] });
  const image = { width: 40, height: 30, data: new Uint8Array(40 * 30 * 3) };
  expect((await loaded.detect(image, { threshold: 0 })).detections).toHaveLength(1);
  loaded.dispose();
});

test("what does not fit is named", () => {
  const wrong = { ...dense.presets["centre-tiny"], width: "wide", numClasses: 2 } as never;
  expect(() => checkSettings(dense, wrong, "header")).toThrow("header: width: Invalid input: expected number");
  expect(() => checkSettings(dense, { model: "detr", numClasses: 2 }, "header")).toThrow(
    'header: model: expected "centre-detector", got "detr"',
  );
  const given = { settings, create: dense.create as never, criterion: () => dense.criterion({}) as never };
  expect(() => defineDetector({ ...given, name: "My DETR", presets: {} })).toThrow('got "My DETR"');
  expect(() => defineDetector({ ...given, name: "mine", presets: { tiny: { width: 0 } } })).toThrow(
    'preset "tiny" of mine: width: ',
  );
});
