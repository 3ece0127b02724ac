import { imagenetNormalisation, normalisationTable, normaliseInto } from "@detrkit/image";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { tensor, type Tensor3D, type Tensor4D, zeros } from "@tensorflow/tfjs-core";
import { tensorOf } from "./compare.ts";
import type { Fixture, FixtureTensor } from "./case.ts";

/** A case's image as detrkit takes it: `[H, W, 3]`, normalised. */
interface InputImage extends ImageSize {
  readonly pixels: Float32Array;
}

/**
 * The case's images, `in.image.<i>.u8 [H, W, 3]` (bytes) or `in.image.<i> [3, H, W]` (normalised), padded to their
 * largest height and width.
 */
export function inputBatch(fixture: Fixture): PaddedBatch {
  const images = inputImages(fixture);
  const height = Math.max(...images.map((image) => image.height));
  const width = Math.max(...images.map((image) => image.width));
  const values = new Float32Array(images.length * height * width * 3);
  images.forEach((image, index) => {
    for (let row = 0; row < image.height; row++) {
      values.set(
        image.pixels.subarray(row * image.width * 3, (row + 1) * image.width * 3),
        (index * height + row) * width * 3,
      );
    }
  });
  return {
    images: tensor(values, [images.length, height, width, 3]) as Tensor4D,
    paddingMask: zeros([images.length, height, width], "bool") as Tensor3D,
    sizes: images.map((image) => ({ height: image.height, width: image.width })),
  };
}

/** The case's images one by one. */
export function inputImages(fixture: Fixture): readonly InputImage[] {
  const images: InputImage[] = [];
  for (
    let index = 0;
    fixture.tensors.has(`in.image.${index}.u8`) || fixture.tensors.has(`in.image.${index}`);
    index++
  ) {
    const bytes = fixture.tensors.get(`in.image.${index}.u8`);
    images.push(bytes === undefined ? channelsLast(tensorOf(fixture, `in.image.${index}`)) : normalised(bytes));
  }
  return images;
}

function normalised({ shape, data }: FixtureTensor): InputImage {
  const [height, width] = shape as readonly [number, number, number];
  const pixels = new Float32Array(data.length);
  normaliseInto({ width, height, data: Uint8Array.from(data) }, normalisationTable(imagenetNormalisation), pixels);
  return { width, height, pixels };
}

function channelsLast({ shape, data }: FixtureTensor): InputImage {
  const [, height, width] = shape as readonly [number, number, number];
  const area = height * width;
  return {
    width,
    height,
    pixels: Float32Array.from(
      { length: 3 * area },
      (_, index) => data[(index % 3) * area + Math.floor(index / 3)] as number,
    ),
  };
}
