import { basename, dirname, relative, resolve, sep } from "node:path";
import { ConfigError, DataError, DetrkitError } from "@detrkit/common";
import { CategoryMap } from "../../reading/category-map.ts";
import { checkModuleAnswer } from "./check-module-answer.ts";
import type { ImageSize } from "@detrkit/nn";
import type { PixelSource } from "../../pixel-source.ts";
import { dataPolicy, type DataProblem } from "../../data-policy.ts";
import type { DataSpec, Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import { loadModuleReader } from "./load-module-reader.ts";
import type { AnnotatedImage } from "./module-reader.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";

/** Calls a function of the module; what it throws comes back with the line of the module that threw it. */
async function ask<Answer>(spec: DataSpec, question: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    if (DetrkitError.isInstance(error)) throw error;
    const { message, stack = "" } = error instanceof Error ? error : { message: String(error) };
    const line = stack.split("\n").find((place) => place.includes(basename(spec.path)));
    const place = line === undefined ? "" : ` (${line.trim()})`;
    throw new DataError(`data "${spec.text}": the reader failed: ${message}${place}`, { cause: error });
  }
}

async function splits(spec: DataSpec): Promise<readonly string[]> {
  const reader = await loadModuleReader(spec);
  const names: unknown = await ask(spec, () => reader.splits(spec.settings));
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
    throw new ConfigError(
      `${spec.path}: reader.splits gave ${JSON.stringify(names)}; expected names, such as ["train", "val"]`,
    );
  if (names.length === 0)
    throw new DataError(`data "${spec.text}": the reader finds no split there; look at what follows ${spec.path}`);
  return names;
}

function checkedReport({ spec, report }: ReadRequest): (problem: DataProblem) => void {
  return (problem) => {
    if (!Object.hasOwn(dataPolicy, problem.kind))
      throw new ConfigError(
        `${spec.path}: reported "${problem.kind}", which is no kind of finding; ` +
          `kinds: ${Object.keys(dataPolicy).join(", ")}`,
      );
    report(problem);
  };
}

function toObjects(objects: AnnotatedImage["objects"], annotationFile: string, categories: CategoryMap): FoundObject[] {
  return objects.flatMap((object, index): FoundObject[] => {
    const { box, line, crowd = false, segmentation } = object;
    const place = line === undefined ? `object ${index + 1}` : `object of line ${line}`;
    const label = categories.labelOf(object.class, {
      file: annotationFile,
      line,
      detail: `${place}: "${object.class}" is none of ${categories.classes.join(", ")}`,
    });
    return label === undefined ? [] : [{ box, label, crowd, place, line, ...(segmentation && { segmentation }) }];
  });
}

/** The deepest folder that holds all files: names below it are short, and stay inside wherever they are exported to. */
function commonFolder(files: readonly string[]): string {
  const [first = [], ...others] = files.map((file) => dirname(file).split(sep));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return first.slice(0, differs < 0 ? first.length : differs).join(sep) || sep;
}

/** An image that is there. Files are called by their path here. */
interface LocatedImage {
  readonly source: PixelSource;
  readonly name: string;
  readonly size?: ImageSize | undefined;
  readonly objects: AnnotatedImage["objects"];
  readonly annotationFile: string;
}

function locate(
  images: readonly AnnotatedImage[],
  spec: DataSpec,
  report: (problem: DataProblem) => void,
): readonly LocatedImage[] {
  const folders = new ImageFolder(report);
  return images.flatMap((image): readonly LocatedImage[] => {
    const { annotationFile, objects } = image;
    if ("picture" in image) {
      const { name, picture, size } = image;
      return [{ source: picture, name, objects, annotationFile: annotationFile ?? name, size }];
    }
    const { file, line } = image.listed ?? { file: annotationFile ?? spec.path };
    const path = folders.find(dirname(resolve(image.file)), basename(image.file), file, line);
    return path === undefined ? [] : [{ source: path, name: path, objects, annotationFile: annotationFile ?? path }];
  });
}

async function readModule(request: ReadRequest): Promise<ReadResult> {
  const { spec, split, report } = request;
  const reader = await loadModuleReader(spec);
  const answer = await ask(spec, () => reader.read({ settings: spec.settings, split, report: checkedReport(request) }));
  const { classes, images } = checkModuleAnswer(answer, spec.path);
  const categories = new CategoryMap(classes, spec.path, request);
  const found = locate(images, spec, report).map((image, index) => ({ ...image, id: index + 1 }));
  const builder = new RecordBuilder(categories, request);
  const root = commonFolder(found.flatMap(({ source }) => (typeof source === "string" ? [source] : [])));
  for (const { size, objects, ...image } of await withSizes(found, report)) {
    const name = typeof image.source === "string" ? relative(root, image.source) : image.name;
    builder.add({ ...image, ...size, name }, toObjects(objects, image.annotationFile, categories));
  }
  return builder.result;
}

/** A form of data that a file of the user's reads: {@link ModuleReader}. */
export const moduleReader: Reader = {
  takesPath: true,
  open: async (spec) => ({ splits: () => splits(spec), read: readModule }),
};
