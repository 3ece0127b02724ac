// What the tests of threads import: transforms and a pixel source as somebody outside of detrkit writes them.
import { Random } from "@detrkit/common";
import {
  type BinaryMask,
  defineTransform,
  type ImageSize,
  moveObjects,
  type PixelRegion,
  type TransformKind,
} from "@detrkit/image";
import { definePixelSource, type PixelSourceKind } from "../src/index.ts";

/** Covers a random part with noise. */
export const randomErase: TransformKind<{ readonly probability: number }> = defineTransform({
  kind: "randomErase",
  module: import.meta.url,
  plan: ({ probability }: { readonly probability: number }, { width, height }, draws) => {
    if (draws.uniform() >= probability) return undefined;
    const region: PixelRegion = {
      width: draws.integer(1, Math.ceil(width / 2)),
      height: draws.integer(1, Math.ceil(height / 2)),
      left: draws.integer(0, Math.floor(width / 2)),
      top: draws.integer(0, Math.floor(height / 2)),
    };
    return { region, seed: draws.integer(0, 2 ** 32 - 1) };
  },
  apply: (image, { region: { left, top, width, height }, seed }) => {
    const random = new Random(seed);
    const data = image.data.slice();
    for (let y = top; y < Math.min(image.height, top + height); y++) {
      for (let x = left; x < Math.min(image.width, left + width); x++)
        for (let channel = 0; channel < 3; channel++)
          data[(y * image.width + x) * 3 + channel] = random.integer(0, 255);
    }
    return { ...image, data };
  },
});

function turnRight(data: Uint8Array, { width, height }: ImageSize, channels: number): Uint8Array {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      turned.set(data.subarray(from, from + channels), (x * height + height - 1 - y) * channels);
    }
  }
  return turned;
}

const quarterTurnOf = (kind: string, mask?: (mask: BinaryMask) => BinaryMask): TransformKind =>
  defineTransform({
    kind,
    module: import.meta.url,
    plan: (_: object, { width, height }) => ({ size: { width: height, height: width } }),
    apply: (image) => ({ width: image.height, height: image.width, data: turnRight(image.data, image, 3) }),
    applyToObjects: (objects, { size }) =>
      moveObjects(objects, {
        size,
        box: ([left, top, right, bottom]) => [size.width - bottom, left, size.width - top, right],
        ...(mask && { mask }),
      }),
  });

/** A quarter turn to the right, of boxes but not of masks. */
export const quarterTurn: TransformKind = quarterTurnOf("quarterTurn");

/** The same of masks too. */
export const quarterTurnOfMasks: TransformKind = quarterTurnOf("quarterTurnOfMasks", (mask) => ({
  width: mask.height,
  height: mask.width,
  data: turnRight(mask.data, mask, 1),
}));

/** Changes the very pixels that it is given, as it should not. */
export const careless: TransformKind = defineTransform({
  kind: "careless",
  module: import.meta.url,
  plan: () => ({}),
  apply: (image) => {
    image.data.fill(0);
    return image;
  },
});

/** Named as the module's, which does not export it. */
const hidden: TransformKind = defineTransform({
  kind: "hidden",
  module: import.meta.url,
  plan: () => ({}),
  apply: (image) => image,
});
export const hiddenSteps: readonly ReturnType<typeof hidden>[] = [hidden()];

/** Pictures of one colour each. */
export const plain: PixelSourceKind<{ readonly side: number; readonly level: number }> = definePixelSource({
  name: "plain",
  module: import.meta.url,
  load: ({ side, level }) => ({ width: side, height: side, data: new Uint8Array(side * side * 3).fill(level) }),
});
