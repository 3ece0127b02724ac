import { startBackend } from "@detrkit/backend";
import { createDetector, type DetectorConfig } from "@detrkit/detr";
import { dispose } from "@tensorflow/tfjs-core";
import { countOperations } from "./count-operations.ts";
import { type BatchSettings, imageBatch } from "./image-batch.ts";
import { parameterCounts } from "./parameter-counts.ts";
import { profileLayers, profileOperations } from "./profile-model.ts";
import { serveIterations } from "./serve-iterations.ts";

interface InferenceSettings extends BatchSettings {
  readonly model: DetectorConfig;
}

/** A detector from images to the numbers of its last layer. */
await serveIterations(async (settings: InferenceSettings) => {
  const { name } = await startBackend();
  const model = createDetector(settings.model);
  const images = imageBatch(settings);
  const iterate = async (): Promise<void> => {
    const { logits, boxes, stacked } = model.call(images, { auxiliary: false });
    await Promise.all([logits.data(), boxes.data()]);
    dispose([logits, boxes, stacked.logits, stacked.boxes]);
  };
  await iterate(); // folds what is folded once
  const operations = await countOperations(iterate);
  const details = [...(await profileLayers(model, iterate)), ...(await profileOperations(iterate))];
  return { facts: { backend: name, parameters: parameterCounts(model).parameters, ...operations }, details, iterate };
});
