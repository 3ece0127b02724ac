import { ConfigError, type Random } from "@detrkit/common";
import type { DetectionModel, DetrCallOptions } from "@detrkit/detr";

/**
 * Excludes everything but the mask head from training.
 *
 * @throws ConfigError where the model has none
 */
export function freezeDetector(model: DetectionModel<object>): void {
  const { maskHead } = model;
  if (maskHead === undefined)
    throw new ConfigError(
      "train: freezeDetector trains the mask head only, and the model has none; build it with masks, " +
        "or train all of it",
    );
  model.freeze();
  for (const parameter of maskHead.parameters().values()) parameter.setTrainable(true);
}

/** What decides how the model runs in a training step. */
export interface StepSettings {
  readonly auxiliary: boolean;
  readonly freezeDetector: boolean;
}

/**
 * Whether losses of the decoder layers before the last are computed: of a frozen detector they would train nothing.
 */
export function hasAuxiliaryLosses({ auxiliary, freezeDetector: isFrozen }: StepSettings): boolean {
  return auxiliary && !isFrozen;
}

/**
 * How the model is called in a training step.
 *
 * @param random - what dropout draws from
 */
export function stepCallOptions(settings: StepSettings, random: Random): DetrCallOptions {
  const auxiliary = hasAuxiliaryLosses(settings);
  return { training: true, random, auxiliary, frozenDetector: settings.freezeDetector };
}
