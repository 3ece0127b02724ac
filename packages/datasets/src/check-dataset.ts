import { DetrkitError } from "@detrkit/common";
import { checkImages } from "./check-images.ts";
import {
  type BadData,
  dataPolicy,
  type DataProblem,
  describeProblem,
  type FindingKind,
  isRefused,
} from "./data-policy.ts";
import type { Dataset } from "./dataset.ts";
import { checkMasks } from "./masks/check-masks.ts";
import { type DataSource, type OpenDatasetOptions, openSource } from "./open-dataset.ts";
import { shareOut, type ShareOutOptions } from "./splits/share-out.ts";
import { sharedImages } from "./splits/shared-images.ts";
import type { DataSpec } from "./reading/reader.ts";
import { groupBy } from "./reading/group-by.ts";

/** All places where one kind of defect was found. */
export interface Finding {
  readonly kind: FindingKind;
  /** `wrong`: training refuses the data for it. */
  readonly severity: "wrong" | "note";
  readonly meaning: string;
  readonly count: number;
  /** The first few. */
  readonly examples: readonly DataProblem[];
}

/** What a split holds. */
export interface SplitSummary {
  readonly split: string;
  readonly images: number;
  readonly boxes: number;
  /** Boxes by class name. */
  readonly boxesByClass: Readonly<Record<string, number>>;
}

/** What `checkDataset` found. */
export interface DatasetReport {
  readonly spec: string;
  readonly classes: readonly string[];
  readonly splits: readonly SplitSummary[];
  /** What is wrong first, then by count. */
  readonly findings: readonly Finding[];
  /** Whether training refuses the data as it is: any finding of severity `wrong`. */
  readonly wrong: boolean;
}

/** Settings of `checkDataset`. */
export interface CheckDatasetOptions {
  /**
   * Splits to check, as if training read each. Default: all that the data has, without VOC's `trainval`, which repeats
   * others; training reads `train` and `val` of them.
   */
  readonly splits?: readonly string[];
  /** What training is to do about boxes that cannot be used. Default: `drop`. */
  readonly badData?: BadData;
  /**
   * How training keeps images for validation where the data has no split `val`. Where this is given, it is a finding
   * that none can be kept, or that there is no split `train`.
   */
  readonly validation?: ShareOutOptions;
  /** How many places each finding names. Default: 5. */
  readonly examples?: number;
  /** Whether every image is decoded, which finds truncated ones, or only its header read. Default: true. */
  readonly decode?: boolean;
  /** Called as images are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What makes a split useless as a whole: no image, or nothing to learn in the one that is trained on. */
export function emptySplit({ spec, split, records }: Dataset): DataProblem[] {
  const nothing = records.length === 0 ? "no image" : "no box in any image";
  const isEmpty = records.length === 0 || (split === "train" && records.every(({ labels }) => labels.length === 0));
  return isEmpty ? [{ kind: "empty-split", file: spec, detail: `split "${split}" has ${nothing}` }] : [];
}

function summarise({ split, records, classes }: Dataset): SplitSummary {
  const counts = classes.map(() => 0);
  for (const { labels } of records) for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return {
    split,
    images: records.length,
    boxes: counts.reduce((sum, count) => sum + count, 0),
    boxesByClass: Object.fromEntries(classes.map((name, label) => [name, counts[label] as number])),
  };
}

function emptyClasses({ boxesByClass, split }: SplitSummary, spec: string): DataProblem[] {
  const empty = Object.entries(boxesByClass).filter(([, count]) => count === 0);
  return empty.map(([name]) => ({
    kind: "class-without-boxes",
    file: spec,
    detail: `split "${split}" has no box of class "${name}"`,
  }));
}

/** What was found in one split. */
interface SplitProblems {
  readonly problems: readonly DataProblem[];
  /** The split's name, where training does not read it. */
  readonly unread: string | undefined;
}

function findingsOf(places: readonly SplitProblems[], badData: BadData, examples: number): Finding[] {
  const seen = new Set<string>();
  const findings = places.flatMap(({ problems, unread }): Finding[] => {
    // Each once: what is about all splits is found with each.
    const unseen = problems.filter((problem) => {
      const key = `${problem.kind}\n${describeProblem(problem)}`;
      return !seen.has(key) && seen.add(key) !== undefined;
    });
    return [...groupBy(unseen, ({ kind }) => kind)].map(([kind, found]) => {
      const wouldRefuse = isRefused(kind, badData);
      const where = wouldRefuse && unread !== undefined ? `; in split "${unread}", which training does not read` : "";
      return {
        kind,
        severity: wouldRefuse && unread === undefined ? "wrong" : "note",
        meaning: `${dataPolicy[kind].meaning}${where}`,
        count: found.length,
        examples: found,
      };
    });
  });
  const merged = [...groupBy(findings, ({ meaning }) => meaning).values()].map((same): Finding => {
    const found = same.flatMap((finding) => finding.examples);
    return { ...(same[0] as Finding), count: found.length, examples: found.slice(0, examples) };
  });
  const rank = ({ severity }: Finding): number => (severity === "wrong" ? 0 : 1);
  return merged.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count);
}

/**
 * What training refuses beyond defects of its images: that there are none to train on, or none to keep for validation.
 *
 * @param splits - all that the data has
 */
async function unfitSplits(
  spec: string,
  splits: readonly string[],
  datasets: readonly Dataset[],
  validation: ShareOutOptions,
): Promise<DataProblem[]> {
  const unfit = (detail: string): DataProblem[] => [{ kind: "empty-split", file: spec, detail }];
  const whole = datasets.find(({ split }) => split === "train");
  if (whole === undefined) return unfit(`no split "train"; it has ${splits.join(", ")}: choose one with --split`);
  if (splits.includes("val") || emptySplit(whole).length > 0) return [];
  try {
    const { training } = await shareOut(whole, validation);
    return emptySplit({ ...training, split: "train" });
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    return unfit(error.message);
  }
}

/**
 * All that the data has, what is trained on first. Where it has none, reading `train` says what was expected: data that
 * was not read is not data without defects.
 */
async function splitsToCheck(source: DataSource): Promise<readonly string[]> {
  const splits = await source.splits();
  if (!splits.includes("train")) return splits.length === 0 ? ["train"] : splits;
  // VOC's `trainval` is the other two together: checking it as well would count everything twice.
  return ["train", ...splits.filter((split) => split !== "train" && split !== "trainval")];
}

/** A split that training does not read may be beyond reading: that is a finding too. */
async function readUnread(
  source: DataSource,
  options: OpenDatasetOptions & { readonly split: string },
): Promise<Dataset> {
  try {
    return await source.read(options);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    const { text } = source.spec;
    const problem: DataProblem = { kind: "unreadable-annotation", file: text, detail: error.message };
    const nothing = { classes: [], categoryIds: [], records: [], length: 0 };
    return { spec: text, split: options.split, ...nothing, problems: [problem] };
  }
}

/**
 * Looks at everything that can be wrong with a data set: its annotations and every image. Only a source that cannot be
 * read at all is an error. What is `wrong` is what training refuses, and nothing else.
 */
export async function checkDataset(spec: string | DataSpec, options: CheckDatasetOptions = {}): Promise<DatasetReport> {
  const source = await openSource(spec);
  const { examples = 5, decode = true, badData = "drop", validation, onProgress } = options;
  const splits = options.splits ?? (await splitsToCheck(source));
  const isUnread = (split: string): boolean => options.splits === undefined && split !== "train" && split !== "val";
  const datasets: Dataset[] = [];
  for (const split of splits) {
    // In the classes of the first, as training and validation are opened.
    const classes = datasets[0]?.classes;
    const read = { split, classes };
    datasets.push(await (isUnread(split) ? readUnread(source, read) : source.read(read)));
  }
  const total = datasets.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const summaries = datasets.map(summarise);
  const places: SplitProblems[] = [];
  for (const [index, dataset] of datasets.entries()) {
    const found = await checkImages(dataset, { decode, onImage: () => onProgress?.(++done, total) });
    const masks = await checkMasks(dataset, { decode });
    const empty = [...emptySplit(dataset), ...emptyClasses(summaries[index] as SplitSummary, source.spec.text)];
    const unread = isUnread(dataset.split) ? dataset.split : undefined;
    places.push({ problems: [...dataset.problems, ...found, ...masks, ...empty], unread });
  }
  const isWhole = options.splits === undefined && validation !== undefined;
  const unfit = isWhole ? await unfitSplits(source.spec.text, splits, datasets, validation) : [];
  places.push({ problems: [...unfit, ...(await sharedImages(datasets))], unread: undefined });
  const findings = findingsOf(places, badData, examples);
  return {
    spec: source.spec.text,
    classes: datasets[0]?.classes ?? [],
    splits: summaries,
    findings,
    wrong: findings.some(({ severity }) => severity === "wrong"),
  };
}
