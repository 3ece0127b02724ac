// DeepPCB, defects of printed circuit boards: a form of data that detrkit does not know, read by your own file.
//   detrkit check-data --data module:./examples/deeppcb/deeppcb.ts,path=FOLDER
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { AnnotatedImage, AnnotatedObject, ModuleReader, ModuleReadRequest } from "@detrkit/datasets";

/** Types 1 to 6 of the annotation files; 0 is background and does not occur. */
const classes: readonly string[] = ["open", "short", "mousebite", "spur", "copper", "pin-hole"];

/** The data has two lists. Those who use it validate on the test images, so both names mean these. */
const lists: Readonly<Record<string, string>> = { train: "trainval.txt", val: "test.txt", test: "test.txt" };

/** The lines of a text file that hold something, with their numbers. */
function linesOf(file: string): { readonly line: number; readonly text: string }[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.map((text, index) => ({ line: index + 1, text: text.trim() })).filter(({ text }) => text !== "");
}

/** `left top right bottom type` in pixels, separated by spaces as in the files or by commas as in their README. */
function objectsOf(file: string, report: ModuleReadRequest["report"]): AnnotatedObject[] {
  return linesOf(file).flatMap(({ line, text }) => {
    const [left, top, right, bottom, type, ...more] = text.split(/[\s,]+/u).map(Number);
    if (
      left === undefined ||
      top === undefined ||
      right === undefined ||
      bottom === undefined ||
      type === undefined ||
      more.length > 0
    ) {
      report({ kind: "unreadable-annotation", file, line, detail: `expected "x1 y1 x2 y2 type", got "${text}"` });
      return [];
    }
    return [{ class: classes[type - 1] ?? `type ${type}`, box: [left, top, right, bottom], line }];
  });
}

/** The lists name the pair of images; of it the tested one, `…_test.jpg`, has the defects. */
function testedImage(root: string, image: string): string {
  const tested = image.replace(/(?=\.\w+$)/u, "_test");
  return existsSync(join(root, tested)) ? tested : image;
}

function readSplit({ settings: { path: root = "" }, split, report }: ModuleReadRequest): {
  readonly classes: readonly string[];
  readonly images: readonly AnnotatedImage[];
} {
  const list = join(root, lists[split] ?? split);
  if (!existsSync(list))
    throw new Error(`no ${list}: a DeepPCB folder holds trainval.txt (train) and test.txt (val, test)`);
  const images = linesOf(list).flatMap(({ line, text }): AnnotatedImage[] => {
    const [image = "", annotation = ""] = text.split(/\s+/u);
    const annotationFile = join(root, annotation);
    if (!existsSync(annotationFile)) {
      report({ kind: "missing-annotation", file: list, line, detail: `"${annotation}" does not exist` });
      return [];
    }
    const name = testedImage(root, image);
    if (name !== image)
      report({ kind: "renamed-image", file: list, line, detail: `"${image}" is "${basename(name)}"` });
    return [
      {
        file: join(root, name),
        annotationFile,
        listed: { file: list, line },
        objects: objectsOf(annotationFile, report),
      },
    ];
  });
  return { classes, images };
}

/** What `--data module:` looks for. */
export const reader: ModuleReader = {
  needs: ["path"],
  // Without "test", which can be asked for all the same: the data check would count its images twice.
  splits: ({ path = "" }) => ["train", "val"].filter((split) => existsSync(join(path, lists[split] ?? ""))),
  read: readSplit,
};
