import { ConfigError, Random } from "@detrkit/common";
import type { Dataset, ImageRecord } from "../dataset.ts";
import { contentKeys } from "./content-keys.ts";
import { groupBy } from "../reading/group-by.ts";

/** Settings of `shareOut`. */
export interface ShareOutOptions {
  /** Part of the images that validation gets, above 0 and below 1. */
  readonly share: number;
  /** Decides which images; the same seed and images give the same parts. */
  readonly seed: number;
}

/** Two parts of a data set that have no image in common. */
export interface SharedOut {
  readonly training: Dataset;
  readonly validation: Dataset;
}

/** Stands for "no object", which is shared out like a class. */
const background = -1;

/** Images that stay together since their bytes are the same. */
interface Group {
  readonly images: readonly number[];
  readonly labels: readonly number[];
}

function groupsOf(records: readonly ImageRecord[], keys: readonly string[]): Group[] {
  const groups = groupBy(records.keys(), (index) => keys[index] as string);
  return [...groups.values()].map((images) => {
    const labels = new Set(images.flatMap((index) => [...(records[index] as ImageRecord).labels]));
    return { images, labels: labels.size > 0 ? [...labels] : [background] };
  });
}

/** How many images of a class both parts are still to get. */
interface Need {
  validation: number;
  training: number;
}

/**
 * The groups that validation gets, by iterative stratification (Sechidis et al., On the stratification of multi-label
 * data, 2011): the class with the fewest groups left is shared out first, each group to the part that needs more of it.
 */
function chooseValidation(groups: readonly Group[], share: number, random: Random): Set<Group> {
  const left = new Set(random.permutation(groups.length).map((index) => groups[index] as Group));
  const byLabel = new Map<number, Set<Group>>();
  for (const group of left)
    for (const label of group.labels) byLabel.set(label, (byLabel.get(label) ?? new Set<Group>()).add(group));
  const need = (count: number): Need => ({ validation: share * count, training: (1 - share) * count });
  const needs = new Map([...byLabel].map(([label, { size }]) => [label, need(size)] as const));
  const all = need(left.size);
  const chosen = new Set<Group>();
  while (left.size > 0) {
    const rarest = [...byLabel].reduce((a, b) => (b[1].size < a[1].size ? b : a));
    for (const group of rarest[1]) {
      const { validation, training } = needs.get(rarest[0]) as Need;
      const more = validation === training ? all.validation - all.training : validation - training;
      const part = more > 0 ? "validation" : "training";
      if (part === "validation") chosen.add(group);
      all[part]--;
      left.delete(group);
      for (const label of group.labels) {
        (needs.get(label) as Need)[part]--;
        if (label !== rarest[0]) byLabel.get(label)?.delete(group);
      }
    }
    byLabel.delete(rarest[0]);
    for (const [label, { size }] of byLabel) if (size === 0) byLabel.delete(label);
  }
  return chosen;
}

/**
 * Parts a data set in two: by seed, each class in both parts as far as it goes, and images of identical bytes in the
 * same part. Both parts have at least one image.
 *
 * @throws ConfigError where there are not two different images, or the share is no fraction between
 */
export async function shareOut(dataset: Dataset, { share, seed }: ShareOutOptions): Promise<SharedOut> {
  if (!(share > 0 && share < 1))
    throw new ConfigError(`the share of validation expected a number above 0 and below 1, got ${share}`);
  const { records } = dataset;
  const groups = groupsOf(records, await contentKeys(records));
  const [first] = groups;
  if (first === undefined || groups.length < 2)
    throw new ConfigError(
      `data "${dataset.spec}", split "${dataset.split}": ${records.length} images, of which none can be kept for ` +
        "validation: two different ones are needed; give other images with --validation.data",
    );
  const chosen = chooseValidation(groups, share, new Random(seed).fork("validation"));
  if (chosen.size === 0) chosen.add(first);
  if (chosen.size === groups.length) chosen.delete(first);
  const indices = new Set([...chosen].flatMap(({ images }) => images));
  const part = (split: string, of: readonly ImageRecord[]): Dataset => ({
    ...dataset,
    split,
    records: of,
    length: of.length,
  });
  return {
    training: part(
      dataset.split,
      records.filter((_, index) => !indices.has(index)),
    ),
    // What was found while reading is the whole's, and named once.
    validation: {
      ...part(
        "val",
        records.filter((_, index) => indices.has(index)),
      ),
      problems: [],
    },
  };
}
