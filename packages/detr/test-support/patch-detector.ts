import { type Backbone, type FeatureMap, shrinkPaddingMask } from "@detrkit/backbone";
import { Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import { Conv2d, type ImageSize, Module, type PaddedBatch } from "@detrkit/nn";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import { uniformTensor } from "@detrkit/test-utils";
import { Transformer } from "@detrkit/transformer";
import { concat, pad, type Rank, type Tensor4D, zeros } from "@tensorflow/tfjs-core";
import { DeformableDetr } from "../src/deformable/deformable-detr.ts";
import type { DeformableDetrParts } from "../src/deformable/deformable-config.ts";
import { joinLevels, type LevelTokens } from "../src/deformable/levels.ts";

/** Width, queries, classes and decoder layers of the detector. */
export const dim = 32;
export const Q = 5;
export const C = 3;
export const L = 2;
const levels = 3;

/** The three kinds of Deformable DETR. */
export const variants = [
  { name: "plain", boxRefinement: false, twoStage: false },
  { name: "refining", boxRefinement: true, twoStage: false },
  { name: "two-stage", boxRefinement: true, twoStage: true },
] as const;

type Variant = Partial<DeformableDetrParts>;

/** Patches of 4 × 4 and of 8 × 8 pixels. */
export class PatchBackbone extends Module implements Backbone {
  readonly levels: Backbone["levels"] = [
    { name: "fine", channels: 5, stride: 4 },
    { name: "coarse", channels: 7, stride: 8 },
  ];
  readonly patches: readonly Conv2d[] = this.levels.map(
    ({ channels, stride }) =>
      new Conv2d({
        inputChannels: 3,
        outputChannels: channels,
        kernelSize: stride,
        stride,
        random: new Random(stride),
      }),
  );

  call({ images, sizes }: PaddedBatch): FeatureMap[] {
    const [, height, width] = images.shape;
    return this.patches.map((patch) => {
      const features = patch.call(images);
      return {
        features,
        ...shrinkPaddingMask(sizes, { height, width }, { height: features.shape[1], width: features.shape[2] }),
      };
    });
  }
}

export const positionEncoding: SinePositionEncoding = new SinePositionEncoding({ dim, cellCentres: true });

/** With initial weights, or with random ones in every place, where each part of the model has its effect. */
export function detectorOf(variant: Variant, { trained = true }: { readonly trained?: boolean } = {}): DeformableDetr {
  const random = new Random(2);
  const attention = () =>
    new MultiScaleDeformableAttention({ dim, heads: 4, levels: variant.featureLevels ?? levels, points: 2, random });
  const model = new DeformableDetr({
    backbone: new PatchBackbone(),
    positionEncoding,
    transformer: new Transformer({
      dim,
      heads: 4,
      encoderLayers: 1,
      decoderLayers: L,
      feedForwardDim: 17,
      dropout: 0.1,
      decoderNorm: false,
      encoderAttention: attention,
      decoderAttention: attention,
      random,
    }),
    featureLevels: levels,
    numClasses: C,
    numQueries: Q,
    random,
    ...variant,
  });
  let seed = 0;
  if (trained)
    for (const parameter of model.parameters().values())
      parameter.assign(uniformTensor([...parameter.shape] as [number], { seed: (seed += 1), low: -0.4, high: 0.5 }));
  return model;
}

/** Images at the top left of a common size. */
export function batchOf(sizes: readonly ImageSize[], { height, width }: ImageSize): PaddedBatch {
  const images = sizes.map((size, index) => {
    const image = uniformTensor<Rank.R4>([1, size.height, size.width, 3], { seed: index + 1 });
    return pad(image, [
      [0, 0],
      [0, height - size.height],
      [0, width - size.width],
      [0, 0],
    ]);
  });
  return { images: concat(images), paddingMask: zeros([sizes.length, height, width], "bool"), sizes: [...sizes] };
}

/** Two images of different sizes. */
export const batch = (): PaddedBatch =>
  batchOf(
    [
      { height: 37, width: 41 },
      { height: 29, width: 43 },
    ],
    { height: 37, width: 43 },
  );

/** Feature levels of images at the top left of maps of these shapes; beyond the images is anything. */
export function tokensOf(images: readonly (readonly Tensor4D[])[], shapes: readonly ImageSize[]): LevelTokens {
  const maps = shapes.map(({ height, width }, level): FeatureMap => {
    const features = images.map((ofLevels) => ofLevels[level] as Tensor4D);
    const sizes = features.map(({ shape }) => ({ height: shape[1], width: shape[2] }));
    const padded = features.map(({ shape }, index) =>
      pad(
        features[index] as Tensor4D,
        [
          [0, 0],
          [0, height - shape[1]],
          [0, width - shape[2]],
          [0, 0],
        ],
        17,
      ),
    );
    return { features: concat(padded), ...shrinkPaddingMask(sizes, { height, width }, { height, width }), sizes };
  });
  return joinLevels(maps, positionEncoding);
}

/** The feature levels of one image, without padding. */
export function levelsOf(image: number, sizes: readonly ImageSize[]): Tensor4D[] {
  return sizes.map(({ height, width }, level) =>
    uniformTensor<Rank.R4>([1, height, width, dim], { seed: 10 * image + level + 1 }),
  );
}

/** Shapes of three levels. */
export const small: readonly ImageSize[] = [
  { height: 5, width: 7 },
  { height: 3, width: 4 },
  { height: 2, width: 2 },
];
/** Shapes in which those fit. */
export const large: readonly ImageSize[] = [
  { height: 8, width: 11 },
  { height: 4, width: 6 },
  { height: 2, width: 3 },
];
