import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { CategoryMap } from "../../reading/category-map.ts";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import { readLines, type TextLine } from "../../reading/text-files.ts";
import { readYoloConfig } from "./yolo-config.ts";

/** The label file of an image: `labels` instead of the last `images` folder, `.txt` instead of its extension. */
export function yoloLabelFile(image: string): string {
  const folders = dirname(image).split(sep);
  const at = folders.lastIndexOf("images");
  if (at >= 0) folders[at] = "labels";
  return join(folders.join(sep) || sep, `${basename(image, extname(image))}.txt`);
}

/** Images that a split's folder or list holds. */
function imagesIn(place: string, request: ReadRequest, folders: ImageFolder): string[] {
  if (!existsSync(place))
    throw new DataError(`data "${request.spec.text}": split "${request.split}" is at ${place}, which does not exist`);
  const kind = statSync(place);
  if (kind.isDirectory()) return folders.images(place).map((name) => join(place, name));
  // A device or a pipe may never end.
  if (!kind.isFile())
    throw new DataError(
      `data "${request.spec.text}": split "${request.split}" is at ${place}, which is neither a folder nor a file`,
    );
  return readLines(place).flatMap(({ line, text }) => {
    const path = isAbsolute(text) ? text : resolve(dirname(place), text);
    const found = folders.find(dirname(path), basename(path), place, line);
    return found === undefined ? [] : [found];
  });
}

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
  return [
    { box: polygon ? boxOfPolygon(rest, size) : boxOfCentre(rest, size), label, line, place: `object of line ${line}` },
  ];
}

function boxOfPolygon(points: readonly number[], { width, height }: ImageSize): FoundObject["box"] {
  const xs = points.filter((_, index) => index % 2 === 0).map((x) => x * width);
  const ys = points.filter((_, index) => index % 2 === 1).map((y) => y * height);
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
  const folders = new ImageFolder(request.report);
  const images = places
    .flatMap((place) => imagesIn(place, request, folders))
    .map((path, index) => ({ id: index + 1, name: relative(dirname(config.file), path), source: path }));
  const builder = new RecordBuilder(categories, request);
  for (const { size, ...image } of await withSizes(images, request.report)) {
    const file = yoloLabelFile(image.source);
    // An image without a label file is background: YOLO data is exported so.
    const lines = existsSync(file) ? readLines(file) : undefined;
    const annotationFile = lines === undefined ? image.source : file;
    const objects = lines?.flatMap((line) => toObject(line, size, categories, file, request));
    builder.add({ ...image, ...size, annotationFile }, objects ?? []);
  }
  return builder.result;
}

/** YOLO: one text file an image, a data.yaml for names and splits. */
export const yoloReader: Reader = {
  takesPath: true,
  settings: [],
  splits: async (spec) => Object.keys(readYoloConfig(spec).places),
  read: readYolo,
};
