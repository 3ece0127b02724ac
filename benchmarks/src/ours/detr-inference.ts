import { startBackend } from "@detrkit/backend";
import { createDetector } from "@detrkit/detr";
import { dispose } from "@tensorflow/tfjs-core";
import { countOperations } from "./count-operations.ts";
import { type BatchSettings, imageBatch } from "./image-batch.ts";
import { parameterCounts } from "./parameter-counts.ts";
import { serveIterations } from "./serve-iterations.ts";

/** DETR-R50 from images to the numbers of its last layer. */
await serveIterations(async (settings: BatchSettings) => {
  const { name } = await startBackend();
  const model = createDetector("detr-r50");
  const images = imageBatch(settings);
  const iterate = async (): Promise<void> => {
    const { logits, boxes, stacked } = model.call(images, { auxiliary: false });
    await Promise.all([logits.data(), boxes.data()]);
    dispose([logits, boxes, stacked.logits, stacked.boxes]);
  };
  await iterate(); // folds what is folded once
  const operations = await countOperations(iterate);
  return { facts: { backend: name, parameters: parameterCounts(model).parameters, ...operations }, iterate };
});
