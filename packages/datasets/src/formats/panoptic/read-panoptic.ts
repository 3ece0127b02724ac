import { statSync } from "node:fs";
import { numericId, imageIds } from "../coco/ids.ts";
import { findImages, reportUnlisted } from "../coco/find-images.ts";
import { readCocoFile, stemsOf, toCategory } from "../coco/read-coco.ts";
import { loadSegmentIds } from "../../masks/segment-picture.ts";
import { segmentExtents, type SegmentExtent } from "../../masks/segment-extents.ts";
import { CategoryMap } from "../../reading/category-map.ts";
import { ImageFolder } from "../../reading/image-files.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundImage, type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import { isRecord } from "../../reading/text-files.ts";
import { findPanopticAnnotations, panopticFiles, panopticSplits, segmentFolders } from "./find-files.ts";

type Fields = Record<string, unknown>;

/** Finds the pictures of a file's annotations by the names that it gives them. */
class SegmentPictures {
  readonly #folders: ImageFolder;
  readonly #places: readonly string[];
  readonly #file: string;

  constructor(file: string, { spec }: ReadRequest) {
    const root = spec.settings["segments"] ?? (statSync(spec.path).isDirectory() ? spec.path : undefined);
    // What is missing is said in the words of annotations, not of images.
    this.#folders = new ImageFolder(() => undefined, root);
    this.#places = segmentFolders(spec, file);
    this.#file = file;
  }

  get expected(): string {
    return this.#places[0] as string;
  }

  /** COCO's names end in `.png`; those of an image that a program put there instead find the picture too. */
  find(name: string): string | undefined {
    const place = this.#places.find((folder) => this.#folders.has(`${folder}/${name}`)) ?? this.expected;
    return this.#folders.find(place, name, this.#file);
  }
}

/**
 * The box that a segment is trained on reaches to the middle of its last pixels, one less than COCO's width: so the
 * original takes boxes from masks. A segment of one pixel's width keeps that pixel, since a box without area is none.
 */
function boxOf([left, top, width, height]: readonly [number, number, number, number]): FoundObject["box"] {
  return [left, top, left + Math.max(width - 1, Math.min(width, 1)), top + Math.max(height - 1, Math.min(height, 1))];
}

const isBox = (value: unknown): value is [number, number, number, number] =>
  Array.isArray(value) && value.length === 4 && value.every(Number.isFinite);

const xywhOf = ({ left, top, right, bottom }: SegmentExtent): [number, number, number, number] => [
  left,
  top,
  right - left + 1,
  bottom - top + 1,
];

/** The segments of an image as objects. Where the file gives no boxes or areas, they are measured in the picture. */
async function toObjects(
  segments: readonly Fields[],
  image: FoundImage,
  categories: CategoryMap,
  request: ReadRequest,
): Promise<FoundObject[]> {
  const isWhole = segments.every(({ bbox, area }) => isBox(bbox) && Number.isFinite(area));
  const extents =
    isWhole || image.segments === undefined
      ? new Map<number, SegmentExtent>()
      : segmentExtents(await loadSegmentIds(image.segments, image, image.name), image.width);
  return segments.flatMap((segment, index): FoundObject[] => {
    const { id, category_id: category, iscrowd, bbox, area } = segment;
    const place = `segments_info[${index}] (id ${String(id ?? "none")})`;
    const where = { file: image.annotationFile, detail: `${image.name}, ${place}` };
    const segmentId = numericId(id);
    if (segmentId === undefined) {
      request.report({ ...where, kind: "unreadable-annotation", detail: `${where.detail}: expected an "id"` });
      return [];
    }
    const defined = categories.classes.length;
    const detail = `${where.detail}: category ${String(category)} is none of the ${defined} that are defined`;
    const label = categories.labelOf(numericId(category) ?? NaN, { ...where, detail });
    if (label === undefined) return [];
    const extent = extents.get(segmentId);
    const measured = extent === undefined ? ([NaN, NaN, NaN, NaN] as const) : xywhOf(extent);
    const boxXywh = isBox(bbox) ? bbox : measured;
    const crowd = iscrowd === 1 || iscrowd === true;
    const pixels = Number.isFinite(area) ? (area as number) : extent?.area;
    return [
      {
        box: boxOf(boxXywh),
        boxXywh,
        label,
        crowd,
        segmentId,
        place,
        ...(pixels === undefined ? {} : { area: pixels }),
      },
    ];
  });
}

/** The annotation of each image: which picture, and what its segments are. */
function annotationsByImage(
  { images, annotations }: { readonly images: readonly Fields[]; readonly annotations: readonly Fields[] },
  file: string,
  { report }: ReadRequest,
): Map<number, Fields> {
  const idOf = imageIds(images);
  const known = new Set(images.map(({ id }) => idOf(id)));
  const byImage = new Map<number, Fields>();
  annotations.forEach((annotation, position) => {
    const { image_id: imageId, file_name: name, segments_info: segments } = annotation;
    const where = `annotations[${position}] (image ${String(imageId ?? "none")})`;
    const id = idOf(imageId);
    if (id === undefined || !known.has(id))
      report({ kind: "annotation-without-image", file, detail: `${where}: no image has the id ${String(imageId)}` });
    else if (typeof name !== "string" || !Array.isArray(segments) || !segments.every(isRecord))
      report({ kind: "unreadable-annotation", file, detail: `${where}: expected "file_name" and "segments_info"` });
    else if (byImage.has(id))
      report({ kind: "duplicate-annotation-id", file, detail: `${where}: the image has an annotation already` });
    else byImage.set(id, annotation);
  });
  return byImage;
}

async function readPanoptic(request: ReadRequest): Promise<ReadResult> {
  const { spec, report } = request;
  const file = findPanopticAnnotations(spec, request.split);
  const content = readCocoFile(file);
  const categories = new CategoryMap(content.categories.map(toCategory), file, request);
  const annotations = annotationsByImage(content, file, request);
  const pictures = new SegmentPictures(file, request);
  const builder = new RecordBuilder(categories, request);
  for (const image of await findImages(content.images, file, request)) {
    const annotation = annotations.get(image.id);
    if (annotation === undefined) {
      report({ kind: "image-without-labels", file: String(image.source), detail: `it has no annotation in ${file}` });
      builder.add(image, []);
      continue;
    }
    const name = annotation["file_name"] as string;
    const source = pictures.find(name);
    if (source === undefined) {
      const detail = `${image.name}: its picture of segments, "${name}", is not in ${pictures.expected}`;
      report({ kind: "missing-annotation", file, detail: `${detail}; name the folder: ${spec.text},segments=FOLDER` });
      continue;
    }
    const segmented = { ...image, segments: { source, coding: "colour" } as const };
    builder.add(segmented, await toObjects(annotation["segments_info"] as Fields[], segmented, categories, request));
  }
  const listed = (): string[] => {
    const files = statSync(spec.path).isDirectory() ? [...panopticFiles(spec.path).values()].flat() : [];
    return [...new Set([file, ...files])].flatMap((other) => stemsOf(readCocoFile(other)));
  };
  reportUnlisted(builder.result.records, listed, request);
  return builder.result;
}

/** COCO's panoptic files: for each image a picture that gives every pixel a segment, things and stuff. */
export const panopticReader: Reader = {
  takesPath: true,
  settings: ["train", "val", "test", "images", "segments"],
  open: async (spec) => ({ splits: async () => panopticSplits(spec), read: readPanoptic }),
};
