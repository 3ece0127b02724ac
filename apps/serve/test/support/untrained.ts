import { startBackend } from "@detrkit/backend";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { imagenetNormalisation, type RgbImage } from "@detrkit/image";
import { descriptionMetadata } from "@detrkit/inference";

export const categories = [
  { id: 3, name: "cat" },
  { id: 7, name: "dog" },
];

/**
 * Writes a checkpoint of a small model with random weights. The short side of images becomes `side` pixels. With masks
 * cats are things, and dogs stuff.
 */
export async function writeUntrained(
  path: string,
  {
    seed = 4,
    side = 64,
    preset = "deformable-detr-small" as "detr-small" | "deformable-detr-small",
    masks = false,
  } = {},
): Promise<void> {
  await startBackend();
  const { backbone, transformer, ...rest } = presets[preset];
  const detector = {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, dim: 32, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24 },
    numClasses: 2,
    numQueries: 7,
    ...(masks && { masks: { contextDim: 128 } }),
  } as DetectorConfig;
  const transforms = {
    steps: [{ kind: "resize" as const, shortSides: [side], maxSide: side * 2 }],
    normalisation: imagenetNormalisation,
  };
  const shown = masks ? categories.map((category) => ({ ...category, isThing: category.name === "cat" })) : categories;
  const model = createDetector(detector, { seed });
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories: shown, transforms }) });
  model.dispose();
}

/** Pixels without a pattern. */
export const noise = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 7919) % 251),
});
