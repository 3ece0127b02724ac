import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { encodePng } from "@detrkit/image";
import { toCocoGroundTruth } from "./coco-ground-truth.ts";
import type { Dataset, ImageRecord } from "./dataset.ts";
import { renderShapes } from "./shapes-image.ts";

/**
 * Writes a data set as a COCO folder, `annotations/instances_SPLIT.json` and `images/SPLIT/…`, that `coco:FOLDER` opens
 * again. Generated images are written as PNG, files are copied. Names that lead out of the folder (`../a.png`) lose
 * what does.
 */
export async function exportCoco(dataset: Dataset, folder: string): Promise<void> {
  const images = join(folder, "images", dataset.split);
  await mkdir(images, { recursive: true });
  const records = withNamesInside(dataset.records);
  for (const { source, name } of records) {
    const path = join(images, name);
    if (source.kind === "shapes") {
      await writeFileAtomic(path, await encodePng(renderShapes(source.options, source.index)));
    } else {
      await mkdir(dirname(path), { recursive: true });
      await copyFile(source.path, path);
    }
  }
  await writeFileAtomic(
    join(folder, "annotations", `instances_${dataset.split}.json`),
    JSON.stringify(toCocoGroundTruth({ ...dataset, records })),
  );
}

/**
 * A data set from somewhere may name its images as it likes: no file is written outside of the folder, nor over another
 * image.
 */
function withNamesInside(records: readonly ImageRecord[]): readonly ImageRecord[] {
  const taken = new Set<string>();
  return records.map((record) => {
    const inside = record.name
      .split(/[/\\]/u)
      .filter((part) => part !== "" && part !== "." && part !== "..")
      .join("/");
    let name = inside === "" ? String(record.id) : inside;
    for (let copy = 2; taken.has(name); copy++) name = `${copy}-${inside.replaceAll("/", "-")}`;
    taken.add(name);
    return { ...record, name };
  });
}
