import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { encodePng } from "@detrkit/image";
import { toCocoGroundTruth } from "./coco-ground-truth.ts";
import type { Dataset } from "./dataset.ts";
import { renderShapes } from "./shapes-image.ts";

/**
 * Writes a data set as a COCO folder, `annotations/instances_SPLIT.json` and `images/SPLIT/…`, that `coco:FOLDER` opens again. Generated images
 * are written as PNG, files are copied.
 */
export async function exportCoco(dataset: Dataset, folder: string): Promise<void> {
  const images = join(folder, "images", dataset.split);
  await mkdir(images, { recursive: true });
  for (const { source, name } of dataset.records) {
    const path = join(images, name);
    if (source.kind === "shapes") {
      await writeFileAtomic(path, await encodePng(renderShapes(source.options, source.index)));
    } else {
      await mkdir(dirname(path), { recursive: true });
      await copyFile(source.path, path);
    }
  }
  await writeFileAtomic(join(folder, "annotations", `instances_${dataset.split}.json`), JSON.stringify(toCocoGroundTruth(dataset)));
}
