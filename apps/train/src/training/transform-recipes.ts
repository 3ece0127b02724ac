import type { TransformRecipe, TransformStep } from "@detrkit/datasets";
import { imagenetNormalisation } from "@detrkit/image";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** `320x240` as numbers. */
export function parseImageSize(text: string): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return { width, height };
}

function flips(config: TrainingConfig): TransformStep[] {
  const horizontal: TransformStep = { kind: "horizontalFlip", probability: 0.5 };
  const vertical: TransformStep = { kind: "verticalFlip", probability: 0.5 };
  return config.flips === "none" ? [] : config.flips === "horizontal" ? [horizontal] : [horizontal, vertical];
}

/** What happens to an image before training sees it. DETR resizes, half the time after cutting out a random part. */
export function trainingTransforms(config: TrainingConfig): TransformRecipe {
  if (config.transforms === "fixed") return { steps: [...flips(config), { kind: "resizeTo", ...parseImageSize(config.imageSize) }], normalisation: imagenetNormalisation };
  const resize: TransformStep = { kind: "resize", shortSides: config.shortSides, maxSide: config.maxSide };
  const part: readonly TransformStep[] = [{ kind: "resize", shortSides: [400, 500, 600] }, { kind: "randomSizeCrop", minSide: 384, maxSide: 600 }, resize];
  return { steps: [...flips(config), { kind: "either", probability: 0.5, first: [resize], otherwise: part }], normalisation: imagenetNormalisation };
}

/** What happens to an image when nothing is left to chance. */
export function evaluationTransforms(config: TrainingConfig): TransformRecipe {
  const resize: TransformStep =
    config.transforms === "fixed"
      ? { kind: "resizeTo", ...parseImageSize(config.imageSize) }
      : { kind: "resize", shortSides: [Math.max(...config.shortSides)], maxSide: config.maxSide };
  return { steps: [resize], normalisation: imagenetNormalisation };
}
