import { DataError } from "@detrkit/common";
import { CategoryMap, type SourceCategory } from "../../reading/category-map.ts";
import { imageIds, numericId } from "./ids.ts";
import { cocoSplits, findCocoAnnotations } from "./find-files.ts";
import { findImages, reportUnlisted } from "./find-images.ts";
import type { CocoSegmentation } from "@detrkit/masks";
import { stemOf } from "../../reading/image-names.ts";
import { isRecord, readJson } from "../../reading/text-files.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";

export interface CocoFile {
  readonly images: readonly Record<string, unknown>[];
  readonly annotations: readonly Record<string, unknown>[];
  readonly categories: readonly Record<string, unknown>[];
}

/** The three lists of a file. @throws DataError where one is missing */
export function readCocoFile(file: string): CocoFile {
  const content = readJson(file);
  const list = (key: keyof CocoFile): readonly Record<string, unknown>[] => {
    const value = isRecord(content) ? content[key] : undefined;
    if (!Array.isArray(value) || !value.every(isRecord)) {
      throw new DataError(
        `${file}: "${key}" expected a list of objects; ` +
          'COCO detection files have "images", "annotations" and "categories"',
      );
    }
    return value;
  };
  return { images: list("images"), annotations: list("annotations"), categories: list("categories") };
}

const numberOr = (value: unknown, fallback: number): number => (typeof value === "number" ? value : fallback);

/** A category as COCO's files write it; panoptic ones tell things from stuff. */
export function toCategory({ id, name, isthing }: Record<string, unknown>): SourceCategory {
  return { id: numericId(id) ?? NaN, name: String(name ?? id), isThing: isthing !== 0 && isthing !== false };
}

function toObject(annotation: Record<string, unknown>, place: string, label: number): FoundObject {
  const bbox: readonly unknown[] = Array.isArray(annotation["bbox"]) ? annotation["bbox"] : [];
  const [left = NaN, top = NaN, width = NaN, height = NaN] = bbox.map((edge) => numberOr(edge, NaN));
  const area = numberOr(annotation["area"], NaN);
  const segmentation = annotation["segmentation"];
  const id = numericId(annotation["id"]);
  return {
    box: [left, top, left + width, top + height],
    boxXywh: [left, top, width, height],
    label,
    crowd: annotation["iscrowd"] === 1 || annotation["iscrowd"] === true,
    ...(Number.isFinite(area) ? { area } : {}),
    ...(id === undefined ? {} : { annotationId: id }),
    ...(Array.isArray(segmentation) || isRecord(segmentation)
      ? { segmentation: segmentation as CocoSegmentation }
      : {}),
    place,
  };
}

/** Annotations by image id; what belongs to no image or no category is reported and left out. */
function groupAnnotations(
  { annotations, images }: CocoFile,
  categories: CategoryMap,
  file: string,
  request: ReadRequest,
): Map<number, FoundObject[]> {
  const idOf = imageIds(images);
  const byImage = new Map<number, FoundObject[]>(images.map((image) => [idOf(image["id"]) ?? NaN, []]));
  const seen = new Set<number>();
  annotations.forEach((annotation, position) => {
    const where = `annotations[${position}] (id ${String(annotation["id"] ?? "none")})`;
    const id = numericId(annotation["id"]);
    if (id !== undefined) {
      if (seen.has(id)) {
        request.report({ kind: "duplicate-annotation-id", file, detail: `${where}: id ${id} was used before` });
        return;
      }
      seen.add(id);
    }
    const objects = byImage.get(idOf(annotation["image_id"]) ?? NaN);
    if (objects === undefined) {
      request.report({
        kind: "annotation-without-image",
        file,
        detail: `${where}: no image has the id ${String(annotation["image_id"])}`,
      });
      return;
    }
    const label = categories.labelOf(numericId(annotation["category_id"]) ?? NaN, {
      file,
      detail:
        `${where}: category ${String(annotation["category_id"])} is none of the ` +
        `${categories.classes.length} that are defined`,
    });
    if (label !== undefined) objects.push(toObject(annotation, where, label));
  });
  return byImage;
}

/** Names of the images in the files of all splits. */
function namesInFiles(file: string, { spec }: ReadRequest): string[] {
  const files = cocoSplits(spec).map((split) => findCocoAnnotations(spec, split));
  return [...new Set([file, ...files])].flatMap((other) => stemsOf(readCocoFile(other)));
}

/** Names of a file's images, without extension. */
export const stemsOf = ({ images }: Pick<CocoFile, "images">): string[] =>
  images.map((image) => stemOf(String(image["file_name"] ?? "").replaceAll("\\", "/")));

async function readCoco(request: ReadRequest): Promise<ReadResult> {
  const file = findCocoAnnotations(request.spec, request.split);
  const content = readCocoFile(file);
  const categories = new CategoryMap(content.categories.map(toCategory), file, request);
  const objects = groupAnnotations(content, categories, file, request);
  const builder = new RecordBuilder(categories, request);
  for (const image of await findImages(content.images, file, request)) builder.add(image, objects.get(image.id) ?? []);
  reportUnlisted(builder.result.records, () => namesInFiles(file, request), request);
  return builder.result;
}

/** COCO detection files: boxes, areas, crowds and masks by image and category ids. */
export const cocoReader: Reader = {
  takesPath: true,
  settings: ["train", "val", "test", "images"],
  open: async (spec) => ({ splits: async () => cocoSplits(spec), read: readCoco }),
};
