import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, writeFileAtomic } from "@detrkit/common/files";
import { encodePng } from "@detrkit/image";
import type { CocoSegmentation } from "@detrkit/masks";
import { type Dataset, imageName, type ImageRecord } from "../../dataset.ts";
import { withSegmentations } from "../../masks/with-segmentations.ts";
import { isPixels, loadPicture, loadPixels } from "../../pixel-source.ts";

/** The parts of a COCO ground truth that detection metrics need. */
export interface CocoGroundTruth {
  readonly images: readonly {
    readonly id: number;
    readonly width: number;
    readonly height: number;
    readonly file_name: string;
  }[];
  readonly categories: readonly {
    readonly id: number;
    readonly name: string;
    /** 0 of stuff; given where the data set tells things from stuff. */
    readonly isthing?: 0 | 1;
  }[];
  readonly annotations: readonly {
    readonly id: number;
    readonly image_id: number;
    readonly category_id: number;
    readonly bbox: readonly [number, number, number, number];
    readonly area: number;
    readonly iscrowd: 0 | 1;
    readonly segmentation?: CocoSegmentation;
  }[];
}

function annotationsOf(record: ImageRecord, categoryIds: readonly number[]): CocoGroundTruth["annotations"] {
  return Array.from(record.labels, (label, index) => {
    const [left = 0, top = 0, right = 0, bottom = 0] = record.boxes.subarray(4 * index, 4 * index + 4);
    const [x = 0, y = 0, width = 0, height = 0] = record.boxesXywh?.subarray(4 * index, 4 * index + 4) ?? [
      left,
      top,
      right - left,
      bottom - top,
    ];
    const segmentation = record.segmentations?.[index];
    return {
      id: record.annotationIds[index] as number,
      image_id: record.id,
      category_id: categoryIds[label] as number,
      bbox: [x, y, width, height] as const,
      area: record.areas[index] as number,
      iscrowd: record.crowd[index] === 1 ? 1 : 0,
      ...(segmentation === undefined ? {} : { segmentation }),
    } as const;
  });
}

/** The classes of a data set by label, with the source's ids. */
export function categoriesOf({
  classes,
  categoryIds,
  things,
}: Pick<Dataset, "classes" | "categoryIds" | "things">): CocoGroundTruth["categories"] {
  return classes.map((name, label) => {
    const category = { id: categoryIds[label] ?? label, name };
    return things === undefined ? category : { ...category, isthing: things[label] === false ? 0 : 1 };
  });
}

/**
 * A data set as COCO writes it, for evaluation and for writing it out; `area` is COCO's own where the data has it, else
 * the box's. Masks that lie in pictures are only in what {@link withSegmentations} gave.
 */
export function toCocoGroundTruth(dataset: Dataset): CocoGroundTruth {
  return {
    images: dataset.records.map(({ id, width, height, name }) => ({ id, width, height, file_name: name })),
    categories: categoriesOf(dataset),
    annotations: dataset.records.flatMap((record) => annotationsOf(record, dataset.categoryIds)),
  };
}

/**
 * Writes a data set as a COCO folder, `annotations/instances_SPLIT.json` and `images/SPLIT/…`, that `coco:FOLDER` opens
 * again. Image files are copied, bytes written as they are, and pixels as PNG. Names that lead out of the folder
 * (`../a.png`) lose what does. Masks are kept, and those of pictures become run lengths.
 */
export async function exportCoco(dataset: Dataset, folder: string): Promise<void> {
  const images = join(folder, "images", dataset.split);
  makeFolder(images);
  const records = withNamesInside(dataset.records);
  for (const record of records) await writeImage(record, join(images, record.name));
  const masked = await withSegmentations({ ...dataset, records });
  await writeFileAtomic(
    join(folder, "annotations", `instances_${dataset.split}.json`),
    JSON.stringify(toCocoGroundTruth(masked)),
  );
}

async function writeImage(record: ImageRecord, path: string): Promise<void> {
  const picture = await loadPicture({ ...record, name: imageName(record) });
  makeFolder(dirname(path));
  if (typeof picture === "string") await copyFile(picture, path);
  else if (!isPixels(picture)) await writeFileAtomic(path, picture);
  else await writeFileAtomic(path, await encodePng(await loadPixels({ ...record, source: picture })));
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
