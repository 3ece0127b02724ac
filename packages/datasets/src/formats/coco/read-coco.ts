import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { CategoryMap, type SourceCategory } from "../../reading/category-map.ts";
import { imageIds, numericId } from "./ids.ts";
import { cocoImageFolders, cocoSplits, findCocoAnnotations } from "./find-files.ts";
import type { CocoSegmentation } from "@detrkit/masks";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import { stemOf } from "../../reading/image-names.ts";
import { isRecord, readJson } from "../../reading/text-files.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundImage, type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";

interface CocoFile {
  readonly images: readonly Record<string, unknown>[];
  readonly annotations: readonly Record<string, unknown>[];
  readonly categories: readonly Record<string, unknown>[];
}

function readCocoFile(file: string): CocoFile {
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

function imageFolder(request: ReadRequest, file: string, images: CocoFile["images"], folders: ImageFolder): string {
  const places = cocoImageFolders(request.spec, file);
  const name = String(images[0]?.["file_name"] ?? "");
  const firstNames = images.slice(0, 20).map((image) => String(image["file_name"] ?? ""));
  const silent = new ImageFolder(() => undefined);
  return (
    places.find((place) => firstNames.some((candidate) => folders.has(`${place}/${candidate}`))) ??
    places.find((place) => silent.find(place, name, file) !== undefined) ??
    (places[0] as string)
  );
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

async function findImages(images: CocoFile["images"], file: string, request: ReadRequest): Promise<FoundImage[]> {
  const { path: place, settings } = request.spec;
  // Of a file alone it is not known how far up its data set reaches.
  const root = settings["images"] ?? (statSync(place).isDirectory() ? place : undefined);
  const folders = new ImageFolder(request.report, root);
  const folder = imageFolder(request, file, images, folders);
  const idOf = imageIds(images);
  const ids = new Set<number>();
  const found: (Omit<FoundImage, "width" | "height"> & { readonly size: ImageSize | undefined })[] = [];
  images.forEach((image, position) => {
    const { file_name: name } = image;
    const id = idOf(image["id"]);
    if (id === undefined || typeof name !== "string") {
      request.report({
        kind: "unreadable-annotation",
        file,
        detail: `images[${position}]: expected an "id" and a "file_name"`,
      });
      return;
    }
    if (ids.has(id)) {
      request.report({
        kind: "duplicate-image-id",
        file,
        detail: `images[${position}] "${name}": id ${id} was used before`,
      });
      return;
    }
    ids.add(id);
    const path = folders.find(folder, name, file);
    if (path === undefined) return;
    const [width, height] = [numberOr(image["width"], 0), numberOr(image["height"], 0)];
    const size = width > 0 && height > 0 ? { width, height } : undefined;
    found.push({ id, name, source: path, size, annotationFile: file });
  });
  const sized = await withSizes(found, request.report);
  return sized.map(({ size, ...image }) => ({ ...image, ...size }));
}

/**
 * Reports images beside those that were found which no annotation file lists. The files of other splits are read only
 * where there are any.
 */
function reportUnlisted(records: ReadResult["records"], file: string, { spec, report }: ReadRequest): void {
  const paths = new Set(records.map(({ source }) => String(source)));
  const folders = new ImageFolder(report);
  const places = [...new Set([...paths].map(dirname))];
  const unused = places.flatMap((place) => folders.images(place).map((name) => join(place, name)));
  const beside = unused.filter((path) => !paths.has(path));
  if (beside.length === 0) return;
  const files = cocoSplits(spec).map((split) => findCocoAnnotations(spec, split));
  const names = [...new Set([file, ...files])].flatMap((other) =>
    readCocoFile(other).images.map((image) => stemOf(String(image["file_name"] ?? "").replaceAll("\\", "/"))),
  );
  const listed = new Set(names);
  for (const path of beside)
    if (!listed.has(stemOf(path))) report({ kind: "unlisted-image", file: path, detail: "in no annotation file" });
}

async function readCoco(request: ReadRequest): Promise<ReadResult> {
  const file = findCocoAnnotations(request.spec, request.split);
  const content = readCocoFile(file);
  const categories = new CategoryMap(content.categories.map(toCategory), file, request);
  const objects = groupAnnotations(content, categories, file, request);
  const builder = new RecordBuilder(categories, request);
  for (const image of await findImages(content.images, file, request)) builder.add(image, objects.get(image.id) ?? []);
  reportUnlisted(builder.result.records, file, request);
  return builder.result;
}

/** COCO detection files: boxes, areas, crowds and masks by image and category ids. */
export const cocoReader: Reader = {
  takesPath: true,
  settings: ["train", "val", "test", "images"],
  open: async (spec) => ({ splits: async () => cocoSplits(spec), read: readCoco }),
};
