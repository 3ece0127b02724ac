import { checkImages } from "./check-images.ts";
import { dataPolicy, type DataProblem, describeProblem, type FindingKind } from "./data-policy.ts";
import { specOf } from "./data-spec.ts";
import type { Dataset } from "./dataset.ts";
import { listSplits, readDataset } from "./open-dataset.ts";
import { sharedImages } from "./splits/shared-images.ts";
import type { DataSpec } from "./reading/reader.ts";
import { groupBy } from "./reading/group-by.ts";

/** All places where one kind of defect was found. */
export interface Finding {
  readonly kind: FindingKind;
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
  /** Whether training on the data as it is would be wrong: any finding of severity `wrong`. */
  readonly wrong: boolean;
}

/** Settings of `checkDataset`. */
export interface CheckDatasetOptions {
  /** Splits to check. Default: all that the data has, without VOC's `trainval`, which repeats others. */
  readonly splits?: readonly string[];
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

/** Each finding once: what is about all splits is found with each. */
function once(problems: readonly DataProblem[]): DataProblem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.kind}\n${describeProblem(problem)}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
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

function group(problems: readonly DataProblem[], examples: number): Finding[] {
  const findings = [...groupBy(problems, ({ kind }) => kind)].map(([kind, places]): Finding => {
    const { severity, meaning } = dataPolicy[kind];
    return { kind, severity, meaning, count: places.length, examples: places.slice(0, examples) };
  });
  const rank = ({ severity }: Finding): number => (severity === "wrong" ? 0 : 1);
  return findings.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count);
}

/**
 * All that the data has. Where it has none, reading `train` says what was expected: data that was not read is not data
 * without defects.
 */
async function splitsToCheck(spec: DataSpec): Promise<readonly string[]> {
  const splits = await listSplits(spec);
  if (splits.length === 0) return ["train"];
  // VOC's `trainval` is the other two together: checking it as well would count everything twice.
  return splits.includes("train") ? splits.filter((split) => split !== "trainval") : splits;
}

/**
 * Looks at everything that can be wrong with a data set: its annotations and every image. Only a source that cannot be
 * read at all is an error.
 */
export async function checkDataset(spec: string | DataSpec, options: CheckDatasetOptions = {}): Promise<DatasetReport> {
  const parsed = specOf(spec);
  const { examples = 5, decode = true, onProgress } = options;
  const splits = options.splits ?? (await splitsToCheck(parsed));
  const datasets: Dataset[] = [];
  // In the classes of the first, as training and validation are opened.
  for (const split of splits) datasets.push(await readDataset(parsed, { split, classes: datasets[0]?.classes }));
  const total = datasets.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const problems: (readonly DataProblem[])[] = [datasets.flatMap(emptySplit)];
  const summaries = datasets.map(summarise);
  for (const [index, dataset] of datasets.entries()) {
    const found = await checkImages(dataset, { decode, onImage: () => onProgress?.(++done, total) });
    problems.push(dataset.problems, found, emptyClasses(summaries[index] as SplitSummary, parsed.text));
  }
  problems.push(await sharedImages(datasets));
  const findings = group(once(problems.flat()), examples);
  return {
    spec: parsed.text,
    classes: datasets[0]?.classes ?? [],
    splits: summaries,
    findings,
    wrong: findings.some(({ severity }) => severity === "wrong"),
  };
}
