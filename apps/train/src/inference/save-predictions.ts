import { basename, isAbsolute, join, parse, relative, sep } from "node:path";
import type { Detection } from "@detrkit/common";
import { detectionsToCocoResults } from "@detrkit/evaluation";
import { joinContours, maskArea, maskContours, segmentationToMask } from "@detrkit/masks";
import { UsageError } from "../usage-error.ts";
import type { CocoIds } from "./coco-ids.ts";
import type { InputImage } from "./image-files.ts";
import type { ImagePrediction } from "./prediction.ts";

/** Forms in which predictions are saved beside the pictures, for other programs and as data to train on. */
export const saveForms = ["yolo", "coco", "csv"] as const;
export type SaveForm = (typeof saveForms)[number];

/** One image and what was found in it. */
export interface SavedImage extends ImagePrediction {
  readonly stem: string;
}

/** What predictions are saved with. */
export interface SaveOptions {
  /** Folder that gets the files. */
  readonly folder: string;
  /** The model's classes by label. */
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  /** Ids of somebody's COCO annotations, for results that are compared with them. */
  readonly cocoIds?: CocoIds | undefined;
}

type Files = ReadonlyMap<string, string>;

/** The files of one form by their paths. Each form can be read as a data set, COCO's results by `evaluate`. */
export function filesOf(form: SaveForm, images: readonly SavedImage[], options: SaveOptions): Files {
  return { yolo: yoloFiles, coco: cocoFiles, csv: csvFiles }[form](images, options);
}

/** The file of each form that is said to have been written. */
export function mainFile(form: SaveForm, folder: string): string {
  return { yolo: join(folder, "yolo", "data.yaml"), coco: join(folder, "coco"), csv: join(folder, "predictions.csv") }[
    form
  ];
}

/** An image's path as a file in this folder writes it. */
function pathFrom(folder: string, image: string): string {
  const path = relative(folder, image);
  return isAbsolute(path) ? path : path.replaceAll(sep, "/");
}

/**
 * What stands behind the class in a line of YOLO: the box, or the mask's outlines as one polygon. Where one object of a
 * file has a polygon Ultralytics reads all as polygons, so an empty mask becomes its box's corners.
 */
function yoloShape({ box, mask }: Detection, width: number, height: number): number[] {
  const { xmin, ymin, xmax, ymax } = box;
  if (mask === undefined)
    return [(xmin + xmax) / 2 / width, (ymin + ymax) / 2 / height, (xmax - xmin) / width, (ymax - ymin) / height];
  const contours = maskContours(segmentationToMask(mask, height, width));
  const corners = [xmin, ymin, xmax, ymin, xmax, ymax, xmin, ymax];
  const polygon = contours.length === 0 ? corners : joinContours(contours);
  return polygon.map((coordinate, index) => coordinate / (index % 2 === 0 ? width : height));
}

/**
 * Labels as Ultralytics writes them, without scores, which its data has no place for; a list of the images, which stay
 * where they are; and the `data.yaml`.
 */
function yoloFiles(images: readonly SavedImage[], { folder, categories }: SaveOptions): Files {
  const root = join(folder, "yolo");
  const classes = new Map(categories.map(({ id }, index) => [id, index]));
  const labels = images.map(({ stem, detections, width, height }) => {
    const lines = detections.map(
      (detection) => `${classes.get(detection.labelId)} ${yoloShape(detection, width, height).join(" ")}\n`,
    );
    return [join(root, "labels", `${stem}.txt`), lines.join("")] as const;
  });
  const names = JSON.stringify(categories.map(({ name }) => name));
  return new Map([
    ...labels,
    [join(root, "images.txt"), images.map(({ image }) => `${pathFrom(root, image)}\n`).join("")],
    [join(root, "data.yaml"), `train: images.txt\nnames: ${names}\n`],
  ]);
}

/** @throws UsageError where two images would need the same file of labels: YOLO finds it by the image's name */
export function expectLabelFiles(images: readonly InputImage[]): void {
  const doubled = images.find(({ path, stem }) => parse(path).name !== basename(stem));
  if (doubled === undefined) return;
  throw new UsageError(
    `${doubled.path}: another image has its name but for the extension, and both would have the labels of one file; ` +
      "rename it, or use --save coco or csv",
  );
}

/**
 * `results.json` as COCO's evaluation takes it. Without somebody's annotations also `annotations.json`, a data set of
 * the predictions with the same ids.
 */
function cocoFiles(images: readonly SavedImage[], { folder, categories, cocoIds }: SaveOptions): Files {
  const root = join(folder, "coco");
  const idOf = (image: string, index: number): number => cocoIds?.images.get(image) ?? index + 1;
  const results = images.flatMap(({ image, detections }, index) =>
    detectionsToCocoResults(
      detections.map((detection) => ({
        ...detection,
        labelId: cocoIds?.categories.get(detection.label) ?? detection.labelId,
      })),
      { imageId: idOf(image, index) },
    ),
  );
  const resultsFile = [join(root, "results.json"), `${JSON.stringify(results)}\n`] as const;
  if (cocoIds !== undefined) return new Map([resultsFile]);
  const listed = images.map(({ image, width, height }, index) => ({
    id: idOf(image, index),
    file_name: pathFrom(root, image),
    width,
    height,
  }));
  const annotations = results.map((result, index) => {
    const [, , width, height] = result.bbox as readonly [number, number, number, number];
    const { segmentation } = result;
    const area = segmentation === undefined ? width * height : maskArea(segmentationToMask(segmentation, 0, 0));
    return { id: index + 1, ...result, area, iscrowd: 0 };
  });
  const truth = JSON.stringify({ images: listed, annotations, categories });
  return new Map([resultsFile, [join(root, "annotations.json"), `${truth}\n`]]);
}

const csvColumns = ["file", "class", "xmin", "ymin", "xmax", "ymax", "score"] as const;

/**
 * A row for each box, edges in pixels; an image without any has a row with its name alone. It has no place for masks.
 */
function csvFiles(images: readonly SavedImage[], { folder }: SaveOptions): Files {
  const rows = images.flatMap(({ image, detections }): (string | number)[][] => {
    const path = pathFrom(folder, image);
    if (detections.length === 0) return [[path, "", "", "", "", "", ""]];
    return detections.map(({ label, score, box: { xmin, ymin, xmax, ymax } }) => [
      path,
      label,
      xmin,
      ymin,
      xmax,
      ymax,
      score,
    ]);
  });
  const text = [csvColumns, ...rows].map((row) => `${row.map((value) => csvValue(String(value))).join(",")}\n`);
  return new Map([[join(folder, "predictions.csv"), text.join("")]]);
}

const csvValue = (value: string): string => (/[",\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
