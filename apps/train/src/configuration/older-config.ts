import { merged, type SettingsTree, treeOf } from "./settings-tree.ts";

/** Settings were one flat list until November 2026: where each of those that moved is now. */
const moved: Readonly<Record<string, readonly string[]>> = {
  dataVal: ["validation.data"],
  splitVal: ["validation.split"],
  samplingLearningRateFactor: ["learningRateFactors.sampling"],
  backboneLearningRateFactor: ["learningRateFactors.backbone"],
  weightDecay: ["optimizer.weightDecay"],
  clipNorm: ["optimizer.clipNorm"],
  schedule: ["schedule.kind"],
  warmupSteps: ["schedule.warmupSteps"],
  dropAt: ["schedule.dropAt"],
  dropFactor: ["schedule.dropFactor"],
  transforms: ["transforms.kind"],
  imageSize: ["transforms.size"],
  shortSides: ["transforms.shortSides"],
  maxSide: ["transforms.maxSide"],
  flips: ["transforms.flips"],
  hiddenDim: ["transformer.dim"],
  heads: ["transformer.heads"],
  encoderLayers: ["transformer.encoderLayers"],
  decoderLayers: ["transformer.decoderLayers"],
  feedForwardDim: ["transformer.feedForwardDim"],
  dropout: ["transformer.dropout"],
  preNorm: ["transformer.preNorm"],
  points: ["transformer.encoderPoints", "transformer.decoderPoints"],
  positionsNormalized: ["positionEncoding.normalize"],
  backboneWidth: ["backbone.width"],
  backboneStage: ["backbone.returnStages"],
  backboneStages: ["backbone.returnStages"],
  backboneStem: ["backbone.stem"],
  backboneNorm: ["backbone.norm"],
  backboneFrozenStages: ["backbone.frozenStages"],
  classWeight: ["losses.classification"],
  boxL1Weight: ["losses.boxL1"],
  giouWeight: ["losses.generalizedIou"],
  noObjectWeight: ["losses.noObject"],
  focalAlpha: ["losses.focalAlpha"],
  evaluateEvery: ["evaluation.every"],
  stopAtAp50: ["evaluation.stopAtAp50"],
  samplePictures: ["evaluation.pictures"],
};

/** Where a setting of the flat list is now, in words; undefined where it is none that moved. */
export function movedTo(name: string): string | undefined {
  const camelCase = name.replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(moved, camelCase) ? moved[camelCase]?.join(" and ") : undefined;
}

/** The settings of a run of before, in groups; newer ones as they are. */
export function inGroups(stored: SettingsTree): SettingsTree {
  if (stored["evaluateEvery"] === undefined) return stored;
  const trees = Object.entries(stored).flatMap(([key, value]) => {
    const paths = moved[key] ?? [key];
    return paths.map((path) => treeOf(path.split("."), key === "backboneStage" ? [value] : value));
  });
  return merged(...trees);
}
