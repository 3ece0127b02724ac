import { saveCheckpoint } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { fixedSize } from "@detrkit/image";
import { descriptionMetadata } from "@detrkit/inference";
import { mul, zerosLike } from "@tensorflow/tfjs-core";

/**
 * Writes a small model of random weights. Its class heads are made bold: untrained ones give every object about the
 * same score, which no slider could tell apart.
 */
export async function writeDecidedDetector(
  path: string,
  preset: "detr-small" | "deformable-detr-small",
  masks = false,
): Promise<void> {
  const { backbone, transformer, ...rest } = presets[preset];
  const detector = {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, dim: 32, feedForwardDim: 48 },
    numQueries: 11,
    ...(masks && { masks: { contextDim: 128 } }),
  } as DetectorConfig;
  const model = createDetector(detector, { seed: 1 });
  for (const [name, parameter] of model.parameters()) {
    if (!name.startsWith("classHead")) continue;
    const { value } = parameter;
    parameter.assign(name.endsWith(".bias") ? zerosLike(value) : mul(value, 8));
  }
  const categories = ["circle", "square", "triangle"].map((name, id) => ({ id, name }));
  const transforms = fixedSize({ width: 64, height: 64 }, { training: false });
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  model.dispose();
}
