import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../usage-error.ts";
import { type InputImages, isWithin } from "./image-files.ts";

/** Where a path really is, through all links, also where its end does not exist yet. */
async function realPlace(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    const above = dirname(absolute);
    return above === absolute ? absolute : join(await realPlace(above), basename(absolute));
  }
}

/** What a command is about to write. */
export interface PlannedFiles {
  /** Folders that get pictures and whatever else is named after the images. */
  readonly folders: readonly string[];
  /** Single files that somebody named. */
  readonly files: readonly string[];
}

/**
 * Sees that nothing is written into the data that is read: no picture beside an image, where it could replace another
 * one and would be taken for data the next time; nothing in a folder of images; nothing over an image.
 *
 * @throws UsageError naming the place, and another one
 */
export async function keepApart({ images, folders }: InputImages, planned: PlannedFiles): Promise<void> {
  const inputs = new Set(await Promise.all(images.map(({ path }) => realPlace(path))));
  const besideImages = new Set([...inputs].map(dirname));
  const inputFolders = await Promise.all(folders.map(realPlace));
  const holderOf = (place: string): string | undefined => inputFolders.find((folder) => isWithin(folder, place));
  for (const folder of new Set(planned.folders)) {
    const place = await realPlace(folder);
    const holder = holderOf(place) ?? (besideImages.has(place) ? place : undefined);
    if (holder !== undefined)
      throw new UsageError(
        `pictures would go to ${folder}, which is in the folder of the images, ${holder}; that is not written to. ` +
          `Choose another folder, for example --output ${join(dirname(holder), "pictures")}`,
      );
  }
  for (const file of planned.files) {
    const place = await realPlace(file);
    if (inputs.has(place)) throw new UsageError(`${file} is one of the images; choose another file`);
    const holder = holderOf(place);
    if (holder !== undefined)
      throw new UsageError(
        `${file} is in the folder of the images, ${holder}, which is not written to; choose another file`,
      );
  }
}
