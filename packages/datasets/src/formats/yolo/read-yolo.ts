import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";
import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { CategoryMap } from "../../reading/category-map.ts";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import { readLines, type TextLine } from "../../reading/text-files.ts";
import { readYoloConfig, type YoloConfig } from "./yolo-config.ts";
import { reportLeftOut } from "./left-out.ts";
import { imagesAt, LabelFiles } from "./yolo-files.ts";

/**
 * A label line: `class centreX centreY width height`, or `class x y x y x y …` for a polygon, as fractions of the
 * image's sides.
 */
function toObject(
  { line, text }: TextLine,
  size: ImageSize,
  categories: CategoryMap,
  file: string,
  request: ReadRequest,
): FoundObject[] {
  const numbers = text.split(/\s+/u).map(Number);
  const [id = NaN, ...rest] = numbers;
  const polygon = rest.length >= 6 && rest.length % 2 === 0;
  if (!Number.isInteger(id) || (rest.length !== 4 && !polygon)) {
    request.report({
      kind: "unreadable-annotation",
      file,
      line,
      detail: `expected "class x y width height" or "class x y x y x y …", got "${text.slice(0, 80)}"`,
    });
    return [];
  }
  const label = categories.labelOf(id, {
    file,
    line,
    detail: `class ${id} is none of 0 to ${categories.classes.length - 1} (${categories.classes.join(", ")})`,
  });
  if (label === undefined) return [];
  const found = { label, line, place: `object of line ${line}` };
  if (!polygon) return [{ ...found, box: boxOfCentre(rest, size) }];
  const pixels = rest.map((fraction, index) => fraction * (index % 2 === 0 ? size.width : size.height));
  return [{ ...found, box: boxOfPolygon(pixels), segmentation: [pixels] }];
}

function boxOfPolygon(points: readonly number[]): FoundObject["box"] {
  const xs = points.filter((_, index) => index % 2 === 0);
  const ys = points.filter((_, index) => index % 2 === 1);
  // Not Math.min(...xs): a line may hold more numbers than a call takes arguments.
  const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
  return [least(xs), least(ys), most(xs), most(ys)];
}

function boxOfCentre(
  [x = NaN, y = NaN, across = NaN, down = NaN]: readonly number[],
  { width, height }: ImageSize,
): FoundObject["box"] {
  return [(x - across / 2) * width, (y - down / 2) * height, (x + across / 2) * width, (y + down / 2) * height];
}

async function readYolo(request: ReadRequest): Promise<ReadResult> {
  const config = readYoloConfig(request.spec);
  const places = config.places[request.split];
  if (places === undefined) {
    const known = Object.keys(config.places).join(", ");
    throw new DataError(
      `data "${request.spec.text}": ${config.file} has no split "${request.split}"` +
        (known === "" ? "" : `; it has ${known}`),
    );
  }
  const named = config.classes.map((name, id) => ({ id, name }));
  const categories = new CategoryMap(named, config.file, request);
  const folders = new ImageFolder(request.report, config.tree?.root);
  const labels = new LabelFiles(config.tree);
  const paths = new Set(places.flatMap((place) => imagesAt(place, request, folders)));
  const root = config.tree?.root ?? dirname(config.file);
  const images = [...paths].map((path, index) => ({ id: index + 1, name: relative(root, path), source: path }));
  if (request.split === yoloSplits(config)[0]) reportLeftOut(config, labels, request);
  const builder = new RecordBuilder(categories, request);
  for (const { size, ...image } of await withSizes(images, request.report)) {
    const file = labels.of(image.source);
    if (file === undefined)
      request.report({ kind: "image-without-labels", file: image.source, detail: "it is taken for background" });
    const objects =
      file === undefined ? [] : readLines(file).flatMap((line) => toObject(line, size, categories, file, request));
    builder.add({ ...image, ...size, annotationFile: file ?? image.source }, objects);
  }
  return builder.result;
}

/** Splits that are there. Exports list a `test` that was never made; where nothing is there, reading says so. */
function yoloSplits({ places }: YoloConfig): string[] {
  const all = Object.keys(places);
  const there = all.filter((split) => places[split]?.some((place) => existsSync(place)) === true);
  return there.length > 0 ? there : all;
}

/** YOLO: one text file an image; names and splits in a data.yaml, darknet's obj.data, or by files and folders. */
export const yoloReader: Reader = {
  takesPath: true,
  settings: [],
  open: async (spec) => ({ splits: async () => yoloSplits(readYoloConfig(spec)), read: readYolo }),
};
