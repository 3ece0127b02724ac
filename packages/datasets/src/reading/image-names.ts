import { basename, extname } from "node:path";

const imageExtensions: ReadonlySet<string> = new Set([
  ".jpg",
  ".jpeg",
  ".png",
  ".webp",
  ".bmp",
  ".gif",
  ".tif",
  ".tiff",
  ".avif",
]);

/** Whether a file name ends as images do. */
export function isImageName(name: string): boolean {
  return imageExtensions.has(extname(name).toLowerCase());
}

/** A file's name without folders and extension, in lower case. */
export function stemOf(path: string): string {
  return basename(path, extname(path)).toLowerCase();
}
