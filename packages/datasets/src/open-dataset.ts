import { DataError } from "@detrkit/common";
import { type DataProblem, describeProblem, isRefused } from "./data-policy.ts";
import { readerOf, specOf } from "./data-spec.ts";
import type { Dataset } from "./dataset.ts";
import type { DataSpec } from "./reading/reader.ts";

/** Settings of `openDataset`. */
export interface OpenDatasetOptions {
  /** `"train"` (default), `"val"`, `"test"`, or another that the source has, such as VOC's `"trainval"`. */
  readonly split?: string;
  /**
   * Class names in label order, where something else decides it (a checkpoint that is evaluated). Default: the order of
   * the source. A class of the data that is not among them is an error.
   */
  readonly classes?: readonly string[] | undefined;
}

/** Splits that the data has, of `train`, `val`, `test` and `trainval`. */
export async function listSplits(spec: string | DataSpec): Promise<readonly string[]> {
  const parsed = specOf(spec);
  return readerOf(parsed).splits(parsed);
}

/**
 * Reads a data set and lists everything that is wrong with it. Only a source that cannot be read at all is an error.
 */
export async function readDataset(
  spec: string | DataSpec,
  { split = "train", classes }: OpenDatasetOptions = {},
): Promise<Dataset> {
  const parsed = specOf(spec);
  const problems: DataProblem[] = [];
  const result = await readerOf(parsed)
    .read({ spec: parsed, split, classes, report: (problem) => problems.push(problem) })
    .catch((cause: unknown) => {
      // Lists within lists by the thousand, which nothing that follows them down survives.
      if (cause instanceof RangeError)
        throw new DataError(
          `data "${parsed.text}", split "${split}": ` +
            `holds values that are nested too deep or too large (${cause.message})`,
          { cause },
        );
      throw cause;
    });
  return { spec: parsed.text, split, ...result, length: result.records.length, problems };
}

/**
 * Reads the annotations of a data set; images are read later, batch by batch. What `dataPolicy` says to drop is
 * left out and listed in `problems`.
 *
 * @throws DataError when the policy says to stop, naming the first few places
 */
export async function openDataset(spec: string | DataSpec, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const dataset = await readDataset(spec, options);
  const stops = dataset.problems.filter(({ kind }) => isRefused(kind));
  if (stops.length > 0) {
    const shown = stops.slice(0, 5).map((problem) => `\n  ${describeProblem(problem)}`);
    const more = stops.length > shown.length ? `\n  and ${stops.length - shown.length} more` : "";
    throw new DataError(
      `data "${dataset.spec}", split "${dataset.split}": ${stops.length} defects that cannot be worked around` +
        `${shown.join("")}${more}\nCheck the data (detrkit check-data) and repair or remove these.`,
    );
  }
  if (dataset.length === 0) throw new DataError(`data "${dataset.spec}", split "${dataset.split}": no images`);
  return dataset;
}
