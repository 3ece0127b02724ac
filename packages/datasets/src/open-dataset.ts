import { DataError } from "@detrkit/common";
import { type DataProblem, isRefused, listProblems } from "./data-policy.ts";
import { readerOf, specOf } from "./data-spec.ts";
import type { Dataset } from "./dataset.ts";
import { keepMasked } from "./masks/keep-masked.ts";
import type { DataSpec, OpenedData } from "./reading/reader.ts";

/** Settings of `openDataset`. */
export interface OpenDatasetOptions {
  /** `"train"` (default), `"val"`, `"test"`, or another that the source has, such as VOC's `"trainval"`. */
  readonly split?: string;
  /**
   * Class names in label order, where something else decides it (a checkpoint that is evaluated). Default: the order of
   * the source. A class of the data that is not among them is an error.
   */
  readonly classes?: readonly string[] | undefined;
  /**
   * Whether the objects' masks are wanted. An image with an object that has none is then left out, and listed in
   * `problems`. Default: false.
   */
  readonly masks?: boolean;
}

/** Data of whatever format, with its splits and what is in them. It is looked at once. */
export interface DataSource {
  readonly spec: DataSpec;
  /** Splits that the data has, of `train`, `val`, `test` and `trainval`. */
  splits(): Promise<readonly string[]>;
  /** {@link readDataset} of one of them. */
  read(options?: OpenDatasetOptions): Promise<Dataset>;
}

/** Opens data for several questions about the same files. */
export async function openSource(spec: string | DataSpec): Promise<DataSource> {
  const parsed = specOf(spec);
  const data = await readerOf(parsed).open(parsed);
  return {
    spec: parsed,
    splits: () => data.splits(),
    read: (options = {}) => readFrom(data, parsed, options),
  };
}

async function readFrom(
  data: OpenedData,
  spec: DataSpec,
  { split = "train", classes, masks = false }: OpenDatasetOptions,
): Promise<Dataset> {
  const problems: DataProblem[] = [];
  const request = { spec, split, classes, report: (problem: DataProblem) => problems.push(problem) };
  const result = await data.read(request).catch((cause: unknown) => {
    // Lists within lists by the thousand, which nothing that follows them down survives.
    if (cause instanceof RangeError)
      throw new DataError(
        `data "${spec.text}", split "${split}": ` +
          `holds values that are nested too deep or too large (${cause.message})`,
        { cause },
      );
    throw cause;
  });
  const dataset = { spec: spec.text, split, ...result, length: result.records.length, problems };
  return masks ? keepMasked(dataset) : dataset;
}

/** Splits that the data has, of `train`, `val`, `test` and `trainval`. */
export async function listSplits(spec: string | DataSpec): Promise<readonly string[]> {
  return await (await openSource(spec)).splits();
}

/**
 * Reads a data set and lists everything that is wrong with it. Only a source that cannot be read at all is an error.
 */
export async function readDataset(spec: string | DataSpec, options: OpenDatasetOptions = {}): Promise<Dataset> {
  return await (await openSource(spec)).read(options);
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
    throw new DataError(
      `data "${dataset.spec}", split "${dataset.split}": ${stops.length} defects that cannot be worked around` +
        `${listProblems(stops, 5)}\nCheck the data (detrkit check-data) and repair or remove these.`,
    );
  }
  if (dataset.length === 0) throw new DataError(`data "${dataset.spec}", split "${dataset.split}": no images`);
  return dataset;
}
