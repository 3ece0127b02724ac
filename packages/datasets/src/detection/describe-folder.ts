import { dirname, extname } from "node:path";
import type { FileTree } from "../reading/file-tree.ts";
import { groupBy } from "../reading/group-by.ts";

/** The signs of each format, for messages. */
export const lookedFor: string = [
  "  Pascal VOC: XML files with <annotation>, in Annotations or beside the images",
  '  COCO: JSON files with lists of "images" and "annotations"',
  '  COCO panoptic: JSON files with "segments_info", and a folder of PNGs of the same name',
  "  YOLO: data.yaml, obj.data or classes.txt, and a text file for each image",
  "  CSV: tables with a header such as file,class,xmin,ymin,xmax,ymax",
].join("\n");

/** What a folder holds: files by their kind, and where most of them are. */
export function describeFolder(tree: FileTree): string {
  if (tree.files.length === 0) return "no file at all";
  const kinds = [...groupBy(tree.files, (file) => extname(file).toLowerCase() || "without an extension")]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([kind, files]) => `${files.length} ${kind}`);
  const folders = [...new Set(tree.files.map((file) => tree.short(dirname(file))))];
  const shown = folders.slice(0, 6).join(", ");
  const more = folders.length > 6 ? ` and ${folders.length - 6} more` : "";
  return `${kinds.slice(0, 8).join(", ")}, in ${shown}${more}`;
}
