import type { PresetName } from "@detrkit/detr";
import { UsageError } from "../usage-error.ts";
import { flagName } from "./flag-name.ts";
import { modelOf, type ModelName, modelSettings, presetNames, settingsOfOneModel } from "./model-settings.ts";
import type { PartialTrainingConfig, TrainingConfig } from "./training-config.ts";

const titles: Readonly<Record<ModelName, string>> = { detr: "DETR", "deformable-detr": "Deformable DETR" };

/**
 * Refuses settings that the preset's model does not have: a run that ignored them would not be what was asked for.
 *
 * @throws UsageError
 */
export function refuseForeignSettings(preset: string, given: PartialTrainingConfig): void {
  const model = modelOf({ preset });
  for (const [other, keys] of Object.entries(settingsOfOneModel) as [ModelName, readonly (keyof TrainingConfig)[]][]) {
    if (other === model) continue;
    const key = keys.find((name) => given[name] !== undefined);
    if (key === undefined) continue;
    const others = presetNames.filter((name) => modelOf({ preset: name }) === other);
    throw new UsageError(
      `--${flagName(key)} is a setting of ${titles[other]}, which preset ${preset} is not; leave it away, or take one of ${others.join(", ")}`,
    );
  }
}

/**
 * What the width has to be a multiple of: sine and cosine come in pairs; Deformable DETR's group norms have 32 groups.
 */
const widthUnits: Readonly<Record<ModelName, number>> = { detr: 2, "deformable-detr": 32 };

/**
 * Refuses sizes that no model can have together.
 *
 * @throws UsageError
 */
export function refuseImpossibleModel({
  preset,
  hiddenDim,
  heads,
  backboneStages,
  featureLevels,
  boxRefinement,
  twoStage,
}: TrainingConfig): void {
  const model = modelOf({ preset });
  if (hiddenDim % widthUnits[model] !== 0)
    throw new UsageError(`--hidden-dim ${hiddenDim} must be a multiple of ${widthUnits[model]} in ${titles[model]}`);
  if (hiddenDim % heads !== 0) throw new UsageError(`--hidden-dim ${hiddenDim} must be a multiple of --heads ${heads}`);
  if (backboneStages?.some((stage, index) => stage <= (backboneStages[index - 1] ?? 0)) === true) {
    throw new UsageError(`--backbone-stages ${backboneStages.join(",")} must rise, for example 2,3,4`);
  }
  if (backboneStages !== undefined && featureLevels !== undefined && featureLevels < backboneStages.length) {
    throw new UsageError(
      `--feature-levels ${featureLevels} must be at least the ${backboneStages.length} of --backbone-stages ${backboneStages.join(",")}`,
    );
  }
  if (twoStage === true && boxRefinement !== true)
    throw new UsageError("--two-stage needs --box-refinement: without it the decoder cannot correct the proposals");
}

/**
 * Refuses to keep a part of the backbone as it begins. Published detectors do, with the weights of a backbone trained
 * before; a run begins with random ones, and what is frozen of these stays random to its end.
 *
 * @throws UsageError with the settings that train all of the backbone
 */
export function refuseFrozenRandomWeights(config: TrainingConfig): void {
  const { preset, backboneNorm: norm, backboneFrozenStages: stages, backboneLearningRateFactor: factor } = config;
  const frozen = [
    { flag: "--backbone-norm", value: norm, instead: "group", freezes: norm === "frozen-batch" },
    { flag: "--backbone-frozen-stages", value: stages, instead: 0, freezes: stages > 0 },
    { flag: "--backbone-learning-rate-factor", value: factor, instead: 1, freezes: factor === 0 },
  ].filter(({ freezes }) => freezes);
  if (frozen.length === 0) return;
  const settings = frozen.map(({ flag, value }) => `${flag} ${value}`).join(" and ");
  const corrected = frozen.map(({ flag, instead }) => `${flag} ${instead}`).join(" ");
  const others = presetNames.filter((name) => modelOf({ preset: name }) === modelOf(config) && trainsAll(name));
  const otherPreset = others.includes(preset as PresetName) ? "" : `, or take --preset ${others.join(" or ")}`;
  throw new UsageError(
    `with ${settings} (preset ${preset}) a backbone needs weights that were trained before; a run begins with random ` +
      `ones, and what is frozen would stay random\ntrain all of the backbone: ${corrected}${otherPreset}`,
  );
}

/** Whether a preset is for training from random weights. */
function trainsAll(preset: string): boolean {
  const { backboneNorm, backboneFrozenStages } = modelSettings(preset);
  return backboneNorm !== "frozen-batch" && backboneFrozenStages === 0;
}
