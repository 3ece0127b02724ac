import { basename, dirname, extname, relative, sep } from "node:path";
import { groupBy } from "./group-by.ts";

/** Words that data sets call their parts by. */
const words: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  test: "test",
  testing: "test",
  trainval: "trainval",
};

/** The parts of a data set in the order in which they are listed. */
export const usualSplits = ["train", "val", "test", "trainval"] as const;

/** The split that one word names: `Train`, `VALIDATION`, `train2017`; `undefined` where it names none. */
export function splitOfWord(word: string): string | undefined {
  const plain = word.toLowerCase().replace(/\d+$/u, "");
  return Object.hasOwn(words, plain) ? words[plain] : undefined;
}

/** The split that a file's own name tells, in any of its words: `instances_val2017.json`, `train.csv`. */
export function splitOfName(file: string): string | undefined {
  const parts = basename(file, extname(file)).split(/[^A-Za-z0-9]+/u);
  return parts.map(splitOfWord).find((split) => split !== undefined);
}

/** Words beside which a folder's name still tells a split: `obj_train_data`, `test_images`. */
const besides: ReadonlySet<string> = new Set(
  "obj data dataset set split images image imgs img labels label annotations annotation".split(" "),
);

function splitOfFolder(folder: string): string | undefined {
  const parts = folder.split(/[^A-Za-z0-9]+/u).filter((part) => !besides.has(part.toLowerCase()));
  return parts.length === 1 ? splitOfWord(parts[0] as string) : undefined;
}

/** The split that a file's folders below `root` tell, the innermost first: `train/labels/a.txt`, `images/val/a.jpg`. */
export function splitOfFolders(root: string, file: string): string | undefined {
  const folders = relative(root, dirname(file)).split(sep).toReversed();
  return folders.map(splitOfFolder).find((split) => split !== undefined);
}

/** Files by the split that their folders tell; those of which they tell none are left out. */
export function bySplitFolders(root: string, files: readonly string[]): Map<string, readonly string[]> {
  const groups = groupBy(files, (file) => splitOfFolders(root, file) ?? "");
  groups.delete("");
  return groups;
}

/** Splits that were found, in the usual order. */
export function inUsualOrder(splits: Iterable<string>): string[] {
  const found = new Set(splits);
  return [...usualSplits.filter((split) => found.has(split)), ...[...found].filter((split) => !isUsual(split))];
}

const isUsual = (split: string): boolean => (usualSplits as readonly string[]).includes(split);
