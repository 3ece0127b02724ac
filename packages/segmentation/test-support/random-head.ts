import { Random } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { uniformTensor } from "@detrkit/test-utils";
import { concat, pad, type Rank, tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { MaskHead, type MaskHeadInputs, type PredictedMasks } from "@detrkit/segmentation";

/** Width, heads and queries of the head. */
export const dim = 12;
export const heads = 4;
export const Q = 3;

/** Channels of the finer maps: those of a backbone, or, as Deformable DETR has them, of its encoder's memory. */
export const kinds: readonly { readonly name: string; readonly finerChannels: readonly number[] }[] = [
  { name: "finer maps of a backbone", finerChannels: [7, 5] },
  { name: "finer maps of the encoder's memory", finerChannels: [dim, dim] },
];

/** With random numbers in every place, where each part has its effect. */
export function headOf(finerChannels: readonly number[]): MaskHead {
  const head = new MaskHead({ dim, heads, contextDim: 64, finerChannels, random: new Random(1) });
  let seed = 20;
  for (const parameter of head.parameters().values())
    parameter.assign(uniformTensor([...parameter.shape] as [number], { seed: (seed += 1), low: -0.4, high: 0.5 }));
  return head;
}

/** Cells of an image in each map, from coarse to fine: half of the cells of the next one, rounded up. */
function cellsOf({ height, width }: ImageSize, steps: number): ImageSize[] {
  return Array.from({ length: steps + 1 }, (_, level) => {
    const stride = 4 * 2 ** (steps - level);
    return { height: Math.ceil(height / stride), width: Math.ceil(width / stride) };
  });
}

/** One image's maps, at the top left of larger ones; beyond them is anything. */
function mapOf(seed: number, channels: number, { height, width }: ImageSize, large: ImageSize): Tensor4D {
  const map = uniformTensor<Rank.R4>([1, height, width, channels], { seed });
  const sides: [number, number][] = [
    [0, 0],
    [0, large.height - height],
    [0, large.width - width],
    [0, 0],
  ];
  return pad(map, sides, 17);
}

/** What a head gets for images of these sizes, whose content follows from their seeds alone. */
export function inputsOf(
  images: readonly (ImageSize & { readonly seed: number })[],
  padded: ImageSize,
  finerChannels: readonly number[],
): MaskHeadInputs {
  const steps = finerChannels.length;
  const large = cellsOf(padded, steps);
  const own = images.map((size) => cellsOf(size, steps));
  const level = (position: number, channels: number, salt: number) => {
    const cells = large[position] as ImageSize;
    const sizes = own.map((ofImage) => ofImage[position] as ImageSize);
    const maps = images.map(({ seed }, image) => mapOf(100 * seed + salt, channels, sizes[image] as ImageSize, cells));
    return { features: concat(maps), sizes };
  };
  const coarse = level(0, dim, 0);
  const [, height, width] = coarse.features.shape;
  const mask = new Uint8Array(images.length * height * width).map((_, at) => {
    const size = coarse.sizes[Math.floor(at / (height * width))] as ImageSize;
    return Math.floor(at / width) % height < size.height && at % width < size.width ? 0 : 1;
  });
  return {
    queries: concat(images.map(({ seed }) => uniformTensor<Rank.R3>([1, Q, dim], { seed: 100 * seed + 50 }))),
    memory: level(0, dim, 1).features,
    map: { ...coarse, paddingMask: tensor(mask, [images.length, height, width], "bool") },
    finer: finerChannels.map((channels, step) => level(step + 1, channels, 2 + step)),
    padded,
  };
}

/** The masks of images, of which nothing else is kept. */
export function masksOf(
  head: MaskHead,
  images: readonly (ImageSize & { readonly seed: number })[],
  padded: ImageSize,
): PredictedMasks {
  const finerChannels = head.tower.adapters.map(({ weight }) => weight.shape[2] as number);
  let masks: PredictedMasks | undefined;
  tidy(() => {
    masks = head.call(inputsOf(images, padded, finerChannels));
    return [masks.queries, masks.keys, masks.map, ...masks.adapted, masks.padding];
  });
  return masks as unknown as PredictedMasks;
}
