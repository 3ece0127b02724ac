import { existsSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { CategoryMap } from "./category-map.ts";
import type { DataSpec } from "./data-spec.ts";
import { ImageFolder } from "./image-folder.ts";
import { readImageSizes } from "./image-sizes.ts";
import type { Reader, ReadRequest, ReadResult } from "./reading.ts";
import { RecordBuilder } from "./record-builder.ts";
import type { FoundObject } from "./record-builder.ts";
import { readLines } from "./text-lines.ts";
import type { TextLine } from "./text-lines.ts";

const classes = ["open", "short", "mousebite", "spur", "copper", "pin-hole"] as const;
const lists: Readonly<Record<string, string>> = { train: "trainval.txt", val: "test.txt", test: "test.txt" };

function listFile(spec: DataSpec, split: string): string | undefined {
  const name = lists[split];
  const file = name === undefined ? undefined : join(resolve(spec.path), name);
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** `left top right bottom type` in pixels; the README of the data says commas, the files have spaces. */
function toObject({ line, text }: TextLine, categories: CategoryMap, file: string, request: ReadRequest): FoundObject[] {
  const numbers = text.split(/[\s,]+/u).map(Number);
  const [left = NaN, top = NaN, right = NaN, bottom = NaN, type = NaN] = numbers;
  if (numbers.length !== 5) {
    request.report({ kind: "unreadable-annotation", file, line, detail: `expected "x1 y1 x2 y2 type", got "${text}"` });
    return [];
  }
  const label = categories.labelOfId(type);
  if (label === undefined) {
    request.report({ kind: "unknown-category", file, line, detail: `type ${type} is none of 1 to ${classes.length}` });
    return [];
  }
  return [{ box: [left, top, right, bottom], label, line, place: `object of line ${line}` }];
}

async function readDeepPcb(request: ReadRequest): Promise<ReadResult> {
  const { spec, split, report } = request;
  const list = listFile(spec, split);
  if (list === undefined) {
    throw new DataError(`data "${spec.text}": no split "${split}"; a DeepPCB folder holds ${Object.values(lists).slice(0, 2).join(" and ")}, for train and for val or test`);
  }
  const root = dirname(list);
  const categories = new CategoryMap(classes.map((name, index) => ({ id: index + 1, name })), request.classes, list, report);
  const folders = new ImageFolder(report);
  const found = readLines(list).flatMap(({ line, text }) => {
    const [image = "", annotation = ""] = text.split(/\s+/u);
    // The lists name the pair of images; the tested one of it carries "_test".
    const tested = `${image.slice(0, image.length - extname(image).length)}_test${extname(image)}`;
    const renamed = folders.has(join(root, tested));
    if (renamed) report({ kind: "renamed-image", file: list, line, detail: `"${image}" is "${basename(tested)}"` });
    const name = renamed ? tested : image;
    const path = folders.find(root, name, list, line);
    const file = join(root, annotation);
    if (path !== undefined && existsSync(file)) return [{ path, file, name }];
    if (path !== undefined) report({ kind: "missing-annotation", file: list, line, detail: `"${annotation}" does not exist` });
    return [];
  });
  const sizes = await readImageSizes(found.map(({ path }) => path), report);
  const builder = new RecordBuilder(report);
  found.forEach(({ path, file, name }, index) => {
    const size = sizes[index];
    if (size === undefined) return;
    const image = { id: index + 1, name, source: { kind: "file", path }, ...size, annotationFile: file } as const;
    builder.add(image, readLines(file).flatMap((line) => toObject(line, categories, file, request)));
  });
  return { classes: categories.classes, categoryIds: categories.categoryIds, records: builder.records };
}

/** DeepPCB: defects of circuit boards, one text file an image. */
export const deepPcbReader: Reader = {
  splits: async (spec) => ["train", "test"].filter((split) => listFile(spec, split) !== undefined),
  read: readDeepPcb,
};
