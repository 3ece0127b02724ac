import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImageSize } from "@detrkit/nn";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import { stemOf } from "../../reading/image-names.ts";
import type { ReadRequest, ReadResult } from "../../reading/reader.ts";
import type { FoundImage } from "../../reading/record-builder.ts";
import { cocoImageFolders } from "./find-files.ts";
import { imageIds } from "./ids.ts";

type Images = readonly Record<string, unknown>[];

const numberOr = (value: unknown, fallback: number): number => (typeof value === "number" ? value : fallback);

function imageFolder(request: ReadRequest, file: string, images: Images, folders: ImageFolder): string {
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

/**
 * The images of a file that lie somewhere, with their sizes; what is missing or named twice is reported.
 */
export async function findImages(images: Images, file: string, request: ReadRequest): Promise<FoundImage[]> {
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
 * Reports images beside those that were found which no annotation file lists.
 *
 * @param listedNames - names of the images in all annotation files, without extension; asked for only where it matters
 */
export function reportUnlisted(
  records: ReadResult["records"],
  listedNames: () => Iterable<string>,
  { report }: Pick<ReadRequest, "report">,
): void {
  const paths = new Set(records.map(({ source }) => String(source)));
  const folders = new ImageFolder(report);
  const places = [...new Set([...paths].map(dirname))];
  const unused = places.flatMap((place) => folders.images(place).map((name) => join(place, name)));
  const beside = unused.filter((path) => !paths.has(path));
  if (beside.length === 0) return;
  const listed = new Set(listedNames());
  for (const path of beside)
    if (!listed.has(stemOf(path))) report({ kind: "unlisted-image", file: path, detail: "in no annotation file" });
}
