import { maskHeadProblems } from "@detrkit/segmentation";
import type { DeformableDetr } from "./deformable/deformable-detr.ts";
import { createDeformableDetr, createDetr } from "./create-parts.ts";
import type { DetectorFamily, SettingProblem } from "./detector-family.ts";
import type { Detr } from "./detr.ts";
import { deformableDetrPresets, detrPresets } from "./presets.ts";
import {
  type CommonTransformerSettings,
  type DeformableDetrSettings,
  deformableDetrSettings,
  type DetectorConfig,
  type DetrSettings,
  detrSettings,
  type MaskHeadSettings,
} from "./settings.ts";

/** DETR (arXiv:2005.12872). */
export const detrFamily: DetectorFamily<DetrSettings, Detr> = {
  name: "detr",
  title: "DETR",
  settings: detrSettings,
  presets: detrPresets,
  create: createDetr,
  problems: ({ transformer, backbone, masks }) => [
    // Sine and cosine come in pairs.
    ...widthProblems(transformer, 2),
    ...stageProblems(backbone.returnStages),
    ...maskProblems({ transformer, backbone, masks }),
  ],
  leastNumbers: leastNumbersOfAny,
  classHeads: () => [{ path: "classHead", further: 1 }],
  queryEmbedding: "queryEmbedding.weight",
  maskSettings: ({ transformer }) => ({ contextDim: transformer.dim }),
  additions: ["maskHead."],
};

/** Deformable DETR (arXiv:2010.04159). */
export const deformableDetrFamily: DetectorFamily<DeformableDetrSettings, DeformableDetr> = {
  name: "deformable-detr",
  title: "Deformable DETR",
  settings: deformableDetrSettings,
  presets: deformableDetrPresets,
  create: createDeformableDetr,
  problems({ transformer, backbone, featureLevels, twoStage, boxRefinement, masks }) {
    const { returnStages } = backbone;
    const stages = returnStages.length;
    const found: SettingProblem[] = [
      ...widthProblems(transformer, 32),
      ...stageProblems(returnStages),
      ...maskProblems({ transformer, backbone, masks }),
    ];
    if (featureLevels < stages) {
      found.push({
        path: ["featureLevels"],
        message: `${featureLevels} must be at least the ${stages} of backbone.returnStages (${returnStages.join(",")})`,
      });
    }
    if (twoStage && !boxRefinement) {
      found.push({
        path: ["twoStage"],
        message: "needs boxRefinement: without it the decoder cannot correct the proposals",
      });
    }
    return found;
  },
  leastNumbers(settings) {
    const { transformer, featureLevels, twoStage } = settings;
    const { dim, heads, encoderPoints } = transformer;
    const shared = leastNumbersOfAny(settings).filter(([setting]) => !(twoStage && setting === "numQueries"));
    return [...shared, ["featureLevels", featureLevels * encoderPoints * heads * dim]];
  },
  classHeads({ transformer, boxRefinement, twoStage }) {
    const ofLayers = boxRefinement ? transformer.decoderLayers : 1;
    const heads = Array.from({ length: ofLayers }, (_, layer) => ({ path: `classHeads.${layer}` }));
    return twoStage ? [...heads, { path: `classHeads.${ofLayers}`, firstIsObject: true }] : heads;
  },
  queryEmbedding: "queries.queryEmbedding.weight",
  maskSettings: ({ transformer }) => ({ contextDim: transformer.dim }),
  additions: ["maskHead."],
};

/** The families that detrkit has. */
export const detectorFamilies: readonly DetectorFamily[] = [deformableDetrFamily, detrFamily];

/** @param unit - what the width has to be a multiple of: for pairs of sine and cosine, or the groups of a norm */
function widthProblems({ dim, heads }: CommonTransformerSettings, unit: number): SettingProblem[] {
  const path = ["transformer", "dim"];
  return [
    ...(dim % unit === 0 ? [] : [{ path, message: `${dim} must be a multiple of ${unit}` }]),
    ...(dim % heads === 0 ? [] : [{ path, message: `${dim} must be a multiple of transformer.heads, ${heads}` }]),
  ];
}

function stageProblems(stages: readonly number[]): SettingProblem[] {
  if (stages.every((stage, index) => stage > (stages[index - 1] ?? 0))) return [];
  return [{ path: ["backbone", "returnStages"], message: `${stages.join(",")} must be ascending, for example 2,3,4` }];
}

/** Problems of the mask head, which goes up from the highest stage to the first. */
function maskProblems({
  transformer: { dim },
  backbone: { returnStages },
  masks,
}: Pick<DetectorConfig, "transformer" | "backbone"> & {
  readonly masks: MaskHeadSettings | undefined;
}): SettingProblem[] {
  if (masks === undefined) return [];
  const finerChannels = Array.from({ length: Math.max(...returnStages) - 1 }, () => dim);
  return maskHeadProblems({ ...masks, dim, finerChannels }).map(({ setting, message }) => ({
    path: ["masks", setting],
    message,
  }));
}

function leastNumbersOfAny({
  backbone,
  transformer,
  masks,
  numQueries,
  numClasses,
}: DetectorConfig): [string, number][] {
  const { dim, feedForwardDim, encoderLayers, decoderLayers } = transformer;
  const layers = encoderLayers + decoderLayers;
  const blocks = (backbone.blocks ?? []).reduce((sum, count) => sum + count, 0);
  return [
    ["transformer.feedForwardDim", layers * 2 * dim * feedForwardDim],
    ["transformer.dim", layers * 4 * dim * dim],
    ["numQueries", numQueries * dim],
    ["numClasses", numClasses * dim],
    ["backbone.width", 9 * backbone.width * backbone.width],
    ["backbone.blocks", blocks * 9],
    ...(masks === undefined ? [] : maskNumbers(dim, masks)),
  ];
}

/** The first two convolutions of a mask head are the largest. */
function maskNumbers(dim: number, { heads = 0, contextDim }: MaskHeadSettings): [string, number][] {
  return [
    ["masks.heads", 9 * (dim + heads) ** 2],
    ["masks.contextDim", (9 * dim * contextDim) / 2],
  ];
}
