import { resolve, sep } from "node:path";
import { DataError } from "@detrkit/common";
import { readCocoGroundTruth } from "@detrkit/evaluation";
import { readText } from "../read-file.ts";

/** What COCO annotations call images and classes, by an image's path as it was given and a class's name. */
export interface CocoIds {
  readonly images: ReadonlyMap<string, number>;
  readonly categories: ReadonlyMap<string, number>;
}

/**
 * The ids of images and classes in a COCO annotation file.
 *
 * @param images - paths; each has to be in the file, by its name and as many of its folders as the file has
 * @param classes - names of the model's classes; each has to be in the file
 * @throws DataError naming the image or class that is not
 */
export async function readCocoIds(
  file: string,
  images: readonly string[],
  classes: readonly string[],
): Promise<CocoIds> {
  const truth = readCocoGroundTruth(await readText(file), file);
  const categories = new Map(truth.categories.map(({ id, name }) => [name ?? String(id), id]));
  const unknown = classes.find((name) => !categories.has(name));
  if (unknown !== undefined)
    throw new DataError(
      `${file}: has no class "${unknown}", which the model finds; it has ${[...categories.keys()].join(", ")}`,
    );
  const named = truth.images.map(({ id, file_name: name = "" }) => ({ id, end: `/${name.replaceAll("\\", "/")}` }));
  const idOf = (image: string): number => {
    const path = resolve(image).replaceAll(sep, "/");
    const found = named.filter(({ end }) => path.endsWith(end));
    const [first] = found.toSorted((a, b) => b.end.length - a.end.length);
    if (first === undefined)
      throw new DataError(`${image}: is none of the ${named.length} images of ${file}; leave it or --annotations away`);
    return first.id;
  };
  return { images: new Map(images.map((image) => [image, idOf(image)])), categories };
}
