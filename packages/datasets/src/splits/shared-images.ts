import type { DataProblem } from "../data-policy.ts";
import { type Dataset, imageName } from "../dataset.ts";
import { contentKeys } from "./content-keys.ts";

/** Images that are in more than one of some splits, as the same file or with identical bytes: one finding each. */
export async function sharedImages(datasets: readonly Dataset[]): Promise<DataProblem[]> {
  const images = datasets.flatMap(({ records, split }) => records.map((record) => ({ record, split })));
  const keys = await contentKeys(images.map(({ record }) => record));
  const first = new Map<string, (typeof images)[number]>();
  const problems: DataProblem[] = [];
  for (const [index, image] of images.entries()) {
    const key = keys[index] as string;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, image);
    else if (earlier.split !== image.split) {
      const [file, other] = [imageName(image.record), imageName(earlier.record)];
      const same = file === other ? "the same file" : `the same bytes as ${other}`;
      const detail = `in "${image.split}" is ${same} in "${earlier.split}"`;
      problems.push({ kind: "image-in-two-splits", file, detail });
    }
  }
  return problems;
}
