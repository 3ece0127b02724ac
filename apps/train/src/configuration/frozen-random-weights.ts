import type { DetectorDefinition } from "@detrkit/training";
import { UsageError } from "../usage-error.ts";
import type { RunConfig } from "./resolve-config.ts";
import { type SettingsTree, valueAt } from "./settings-tree.ts";

/**
 * Refuses to keep a part of the backbone as it begins. Published detectors do, with the weights of a backbone trained
 * before; a run begins with random ones, and what is frozen of these stays random to its end.
 *
 * @throws UsageError with the settings that train all of the backbone
 */
export function refuseFrozenRandomWeights({ preset, model, learningRateFactors, definition }: RunConfig): void {
  const { norm, stages } = frozenBy(model);
  const factor = learningRateFactors["backbone"];
  const frozen = [
    { flag: "--backbone.norm", value: norm, instead: "group", freezes: norm === "frozen-batch" },
    { flag: "--backbone.frozen-stages", value: stages, instead: 0, freezes: Number(stages) > 0 },
    { flag: "--learning-rate-factors.backbone", value: factor, instead: 1, freezes: factor === 0 },
  ].filter(({ freezes }) => freezes);
  if (frozen.length === 0) return;
  const settings = frozen.map(({ flag, value }) => `${flag} ${String(value)}`).join(" and ");
  const corrected = frozen.map(({ flag, instead }) => `${flag} ${instead}`).join(" ");
  const others = presetsToTrain(definition);
  const otherPreset = others.includes(preset) || others.length === 0 ? "" : `, or take --preset ${others.join(" or ")}`;
  throw new UsageError(
    `with ${settings} (preset ${preset}) a backbone needs weights that were trained before; a run begins with random ` +
      `ones, and what is frozen would stay random\nstart from weights: --init FILE; ` +
      `or train all of the backbone: ${corrected}${otherPreset}`,
  );
}

/**
 * Refuses to freeze a detector that begins with random weights, or one without a mask head, of which nothing would be
 * trained.
 *
 * @throws UsageError with what is missing
 */
export function refuseFrozenDetector({ freezeDetector, init, model }: RunConfig): void {
  if (!freezeDetector) return;
  if (model["masks"] === undefined)
    throw new UsageError("--freeze-detector trains the mask head only, and this detector has none: add --masks");
  if (init === undefined)
    throw new UsageError(
      "--freeze-detector keeps the detector as it begins, which is random: name the weights of a trained one, " +
        "--init RUN, FILE.pth or a folder of Hugging Face",
    );
}

/** What of a backbone is frozen, where the model has these settings. */
function frozenBy(model: SettingsTree): { readonly norm: unknown; readonly stages: unknown } {
  return { norm: valueAt(model, ["backbone", "norm"]), stages: valueAt(model, ["backbone", "frozenStages"]) };
}

/** The presets of a definition that are for training from random weights. */
export function presetsToTrain({ presets }: DetectorDefinition): string[] {
  return Object.keys(presets).filter((name) => {
    const { norm, stages } = frozenBy(presets[name] as unknown as SettingsTree);
    return norm !== "frozen-batch" && !(Number(stages) > 0);
  });
}
