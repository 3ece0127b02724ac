import { type Backbone, type FeatureMap, ResNet, shrinkPaddingMask } from "@detrkit/backbone";
import { Random } from "@detrkit/common";
import { Conv2d, type ImageSize, Module, type PaddedBatch, tidyRecord } from "@detrkit/nn";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import { expectClose, uniformTensor, describeOnBackends } from "@detrkit/test-utils";
import { Transformer } from "@detrkit/transformer";
import {
  add,
  concat,
  dispose,
  memory,
  mul,
  pad,
  type Rank,
  type Scalar,
  slice,
  square,
  stack,
  sum,
  type Tensor,
  type Tensor4D,
  type TensorContainer,
  tidy,
  variableGrads,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Detr } from "./detr.ts";

const [dim, Q, C, L] = [12, 5, 3, 2] as const;

/** Patches of 8 × 8 pixels, none of which sees its neighbours: padding beside an image cannot reach into it. */
class PatchBackbone extends Module implements Backbone {
  readonly levels = [{ name: "patches", channels: 11, stride: 8 }];
  readonly patches = new Conv2d({
    inputChannels: 3,
    outputChannels: 11,
    kernelSize: 8,
    stride: 8,
    random: new Random(1),
  });

  call({ images, sizes }: PaddedBatch): FeatureMap[] {
    const features = this.patches.call(images);
    const [, height, width] = images.shape;
    const [, mapHeight, mapWidth] = features.shape;
    return [{ features, ...shrinkPaddingMask(sizes, { height, width }, { height: mapHeight, width: mapWidth }) }];
  }
}

function detrOf(backbone: Backbone): Detr {
  const random = new Random(2);
  return new Detr({
    backbone,
    positionEncoding: new SinePositionEncoding({ dim }),
    transformer: new Transformer({
      dim,
      heads: 3,
      encoderLayers: 2,
      decoderLayers: L,
      feedForwardDim: 17,
      dropout: 0.1,
      random,
    }),
    numClasses: C,
    numQueries: Q,
    random,
  });
}

const resNet = (): Backbone =>
  new ResNet({ depth: 18, width: 4, norm: "group", frozenStages: 0, returnStages: [3], random: new Random(3) });

/** Images at the top left of a common size. */
function batchOf(images: readonly Tensor4D[], { height, width }: ImageSize): PaddedBatch {
  const sizes = images.map(({ shape }) => ({ height: shape[1], width: shape[2] }));
  const padded = images.map((image, index) => {
    const size = sizes[index] as ImageSize;
    return pad(image, [
      [0, 0],
      [0, height - size.height],
      [0, width - size.width],
      [0, 0],
    ]);
  });
  return { images: concat(padded), paddingMask: zeros([images.length, height, width], "bool"), sizes };
}

function image(height: number, width: number, seed: number): Tensor4D {
  return uniformTensor<Rank.R4>([1, height, width, 3], { seed });
}

describeOnBackends("Detr", () => {
  test("every decoder layer predicts logits and boxes within the image for every query", () => {
    const model = detrOf(resNet());
    tidy(() => {
      const { logits, boxes, auxiliary, stacked } = model.call(
        batchOf([image(37, 41, 1), image(29, 43, 2)], { height: 37, width: 43 }),
      );
      expect(auxiliary).toHaveLength(L - 1);
      for (const layer of [{ logits, boxes }, ...auxiliary]) {
        expect(layer.logits.shape).toEqual([2, Q, C + 1]);
        expect(layer.boxes.shape).toEqual([2, Q, 4]);
        expect(layer.boxes.dataSync().every((value) => value > 0 && value < 1)).toBe(true);
      }
      expectClose(stacked.logits, stack([...auxiliary.map((layer) => layer.logits), logits]));
      expectClose(stacked.boxes, stack([...auxiliary.map((layer) => layer.boxes), boxes]));
      expect([...(auxiliary[0]?.boxes.dataSync() ?? [])]).not.toEqual([...boxes.dataSync()]);
    });
    model.dispose();
  });

  // Checked by the compiler too: tfjs's own tidy and dispose take no interfaces and no readonly arrays. An output may
  // have masks, which have methods: its type needs `tidyRecord`.
  test("outputs of the model and its parts are freed by tfjs's dispose and kept by its tidy", () => {
    const model = detrOf(resNet());
    const batch = tidy(() => batchOf([image(37, 41, 1)], { height: 37, width: 41 }));
    const before = memory().numTensors;
    dispose(tidyRecord(() => model.call(batch)) as unknown as TensorContainer);
    dispose(tidy(() => model.features(batch)));
    dispose(tidy(() => model.backbone.call(batch)));
    expect(memory().numTensors).toBe(before);
    dispose(batch);
    model.dispose();
  });

  test("without auxiliary outputs the last layer predicts the same", () => {
    const model = detrOf(resNet());
    tidy(() => {
      const batch = batchOf([image(37, 41, 1)], { height: 37, width: 41 });
      const [all, last] = [model.call(batch), model.call(batch, { auxiliary: false })];
      expect(last.auxiliary).toEqual([]);
      expectClose(last.boxes, all.boxes);
      expectClose(last.logits, all.logits);
    });
    model.dispose();
  });

  test("the heads read the decoder's states: class linear, box through three layers and a sigmoid", () => {
    const model = detrOf(new PatchBackbone());
    tidy(() => {
      const { states, memory: encoded, maps } = model.features(batchOf([image(24, 16, 1)], { height: 24, width: 16 }));
      expect(states.shape).toEqual([L, 1, Q, dim]);
      expect(encoded.shape).toEqual([1, 6, dim]);
      expect(maps.map(({ features }) => features.shape)).toEqual([[1, 3, 2, 11]]);
      const { logits, boxes } = model.predict(states);
      const ofQuery = slice(states, [L - 1, 0, 3, 0], [1, 1, 1, dim]).dataSync();
      const read = (path: string): ArrayLike<number> => model.parameters().get(path)?.value.dataSync() ?? [];
      const layer = (input: readonly number[], path: string, outputs: number): number[] => {
        const [weight, bias] = [read(`${path}.weight`), read(`${path}.bias`)];
        return Array.from({ length: outputs }, (_, output) =>
          input.reduce(
            (total, value, index) => total + value * (weight[index * outputs + output] as number),
            bias[output] as number,
          ),
        );
      };
      const relu = (values: readonly number[]): number[] => values.map((value) => Math.max(0, value));
      expectClose(slice(logits, [0, 3, 0], [1, 1, C + 1]), [[layer([...ofQuery], "classHead", C + 1)]], {
        rtol: 1e-4,
        atol: 1e-5,
      });
      const hidden = relu(layer(relu(layer([...ofQuery], "boxHead.layers.0", dim)), "boxHead.layers.1", dim));
      const expected = layer(hidden, "boxHead.layers.2", 4).map((value) => 1 / (1 + Math.exp(-value)));
      expectClose(slice(boxes, [0, 3, 0], [1, 1, 4]), [[expected]], { rtol: 1e-4, atol: 1e-5 });
    });
    model.dispose();
  });

  test("the same image gives the same boxes whatever the padding", () => {
    const model = detrOf(new PatchBackbone());
    tidy(() => {
      const photo = image(24, 40, 5);
      const unpadded = model.call(batchOf([photo], { height: 24, width: 40 }));
      for (const padded of [
        { height: 24, width: 56 },
        { height: 48, width: 40 },
        { height: 72, width: 64 },
      ]) {
        const { boxes, logits } = model.call(batchOf([photo], padded));
        expectClose(boxes, unpadded.boxes, { rtol: 1e-4, atol: 1e-5 });
        expectClose(logits, unpadded.logits, { rtol: 1e-4, atol: 1e-5 });
      }
    });
    model.dispose();
  });

  test("a batch of several sizes equals its images one by one", () => {
    const model = detrOf(new PatchBackbone());
    tidy(() => {
      const images = [image(24, 40, 5), image(40, 16, 6), image(32, 32, 7)];
      const together = model.call(batchOf(images, { height: 40, width: 40 }));
      images.forEach((photo, index) => {
        const [, height, width] = photo.shape;
        const alone = model.call(batchOf([photo], { height, width }));
        expectClose(alone.boxes, slice(together.boxes, [index, 0, 0], [1, Q, 4]), { rtol: 1e-4, atol: 1e-5 });
        expectClose(alone.logits, slice(together.logits, [index, 0, 0], [1, Q, C + 1]), { rtol: 1e-4, atol: 1e-5 });
      });
    });
    model.dispose();
  });

  test("with a ResNet, whose filters do look over an image's edge, padding moves boxes a little", () => {
    const model = detrOf(resNet());
    tidy(() => {
      const photo = image(48, 64, 5);
      const unpadded = model.call(batchOf([photo], { height: 48, width: 64 }));
      const padded = model.call(batchOf([photo], { height: 80, width: 96 }));
      expectClose(padded.boxes, unpadded.boxes, { rtol: 0, atol: 0.02 });
    });
    model.dispose();
  });

  test("every trainable parameter gets a gradient, with auxiliary losses", () => {
    const model = detrOf(resNet());
    tidy(() => {
      const batch = batchOf([image(37, 41, 1), image(29, 43, 2)], { height: 37, width: 43 });
      const random = new Random(9);
      const { grads } = variableGrads((): Scalar => {
        const { logits, boxes, auxiliary } = model.call(batch, { training: true, random });
        const losses = [{ logits, boxes }, ...auxiliary].map((layer) =>
          add(sum(square(layer.logits)), sum(mul(layer.boxes, layer.boxes))),
        );
        return losses.reduce((total, loss) => add(total, loss)) as Scalar;
      });
      const unreached = [...model.trainableParameters()].filter(
        ([, { value }]) => !(grads[value.name] as Tensor).dataSync().some((entry) => entry !== 0),
      );
      // In the first decoder layer all queries are 0 when they attend to each other, which leaves those weights without
      // effect.
      expect(
        unreached
          .map(([path]) => path)
          .filter((path) => !path.startsWith("transformer.decoder.layers.0.selfAttention")),
      ).toEqual([]);
    });
    model.dispose();
  });

  test("a call leaves nothing behind but its output", () => {
    const model = detrOf(resNet());
    tidy(() => {
      const batch = batchOf([image(37, 41, 1)], { height: 37, width: 41 });
      const before = memory().numTensors;
      model.call(batch);
      expect(memory().numTensors - before).toBe(2 * L + 2);
    });
    model.dispose();
  });

  test("impossible counts are refused", () => {
    const backbone = new PatchBackbone();
    const config = {
      backbone,
      positionEncoding: new SinePositionEncoding({ dim }),
      transformer: undefined as never,
      random: new Random(1),
    };
    expect(() => new Detr({ ...config, numClasses: 0, numQueries: 5 })).toThrow(
      "Detr: numClasses expected a whole number of at least 1 and at most 2147483647, got 0",
    );
    expect(() => new Detr({ ...config, numClasses: 1, numQueries: 2.5 })).toThrow(
      "Detr: numQueries expected a whole number of at least 1 and at most 2147483647, got 2.5",
    );
    backbone.dispose();
  });
});
