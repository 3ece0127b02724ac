import { existsSync, readFileSync } from "node:fs";
import { ImageFolder } from "../../reading/image-files.ts";
import type { ReadRequest } from "../../reading/reader.ts";
import type { YoloConfig } from "./yolo-config.ts";
import { imagesAt, type LabelFiles } from "./yolo-files.ts";

const labelLine = /^\d+(?:\s+-?[\d.]+(?:e[+-]?\d+)?){4,}$/iu;

/** Whether a text file begins as labels do, with a class and numbers. */
export function isLabelFile(file: string): boolean {
  const [first = ""] = readFileSync(file, "utf8").trim().split("\n", 1);
  return labelLine.test(first.trim());
}

/** Reports labels that belong to no image, and images that are in no split. */
export function reportLeftOut({ tree, places }: YoloConfig, labels: LabelFiles, request: ReadRequest): void {
  if (tree === undefined) return;
  const folders = new ImageFolder(() => undefined, tree.root);
  const there = Object.values(places)
    .flat()
    .filter((place) => existsSync(place));
  const taken = new Set(there.flatMap((place) => imagesAt(place, request, folders)));
  const elsewhere = [...taken].filter((image) => !tree.holds(image));
  const used = new Set(elsewhere.map((image) => labels.of(image)));
  for (const file of tree.withExtension(".txt"))
    if (!used.has(file) && tree.imagesOfLabels(file).length === 0 && isLabelFile(file))
      request.report({ kind: "labels-without-image", file, detail: "no image of its name" });
  for (const file of tree.images)
    if (!taken.has(file)) request.report({ kind: "unlisted-image", file, detail: "in no split" });
}
