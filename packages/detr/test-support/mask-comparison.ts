import { decodeMask, type RunLengthMask } from "@detrkit/masks";
import type { ImageSize } from "@detrkit/nn";
import { instanceMasks, masksOfGrid, type PredictedMasks } from "@detrkit/segmentation";
import { check, type Comparison, type Fixture, tensorOf } from "@detrkit/test-utils/recorded";

/** A few pixels next to the threshold may differ, says the case. */
const differingPixels = 0.002;

/**
 * Masks at the images' own sizes. The original computes them over the padded images; the masks that detrkit reads are
 * computed on each image's own cells, which is the same where an image has no padding.
 *
 * @param sizes - of the images as the model saw them
 */
export async function compareMasks(
  fixture: Fixture,
  masks: PredictedMasks,
  sizes: readonly ImageSize[],
): Promise<Comparison[]> {
  const [B, Q] = masks.queries.shape;
  const all = Array.from({ length: Q }, (_, query) => query);
  const sourceSizes = Array.from({ length: B }, (_, image) => {
    const { shape } = tensorOf(fixture, `out.post.${image}.masks`);
    return { height: shape[2] as number, width: shape[3] as number };
  });
  const { padded } = masks;
  const { shape, data } = tensorOf(fixture, "out.pred_masks");
  const [, , height, width] = shape as readonly [number, number, number, number];
  const cellsPerPixel = { height: height / padded.height, width: width / padded.width };
  const own = await instanceMasks(masks, { queries: sizes.map(() => all), sizes, sourceSizes });
  return sizes.flatMap((size, image) => {
    const sourceSize = sourceSizes[image] as ImageSize;
    const logits = Float32Array.from(data.subarray(image * Q * height * width, (image + 1) * Q * height * width));
    const padded = masksOfGrid({ logits, cells: { height, width }, cellsPerPixel, size, sourceSize });
    const isUnpadded = size.height === masks.padded.height && size.width === masks.padded.width;
    return [
      compare(fixture, image, "of its logits", padded),
      ...(isUnpadded ? [compare(fixture, image, "of our logits", own[image] ?? [])] : []),
    ];
  });
}

function compare(fixture: Fixture, image: number, what: string, masks: readonly RunLengthMask[]): Comparison {
  const want = tensorOf(fixture, `out.post.${image}.masks`).data;
  const got = masks.flatMap((mask) => Array.from(decodeMask(mask)));
  const differing = got.filter((pixel, index) => pixel !== want[index]).length;
  const limit = Math.floor(differingPixels * want.length);
  return check(
    `image ${image}, masks ${what}: ${differing} of ${want.length} pixels differ, at most ${limit} may`,
    got.length === want.length && differing <= limit,
  );
}
