import type { DataProblem } from "../data-policy.ts";
import type { ImageRecord } from "../dataset.ts";

/** A data spec taken apart: `coco:./annotations.json,images=./photos` is format, path and settings. */
export interface DataSpec {
  readonly text: string;
  /** One of {@link dataFormats}. */
  readonly format: string;
  /** File or folder; empty where the format has none. */
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What a reader is asked for. */
export interface ReadRequest {
  readonly spec: DataSpec;
  /** `"train"`, `"val"`, `"test"` or whatever the source calls a part of it. */
  readonly split: string;
  /** Names in label order, where the caller (a checkpoint) fixes it; else the source decides. */
  readonly classes?: readonly string[] | undefined;
  /** Takes every finding; reading goes on after it. */
  readonly report: (problem: DataProblem) => void;
}

/** What a reader gives back; `T` objects and so on are described at {@link ImageRecord}. */
export interface ReadResult {
  readonly classes: readonly string[];
  readonly categoryIds: readonly number[];
  readonly things?: readonly boolean[];
  readonly records: readonly ImageRecord[];
}

/** Data that was looked at, for its splits and what is in them. What was read of its files may be kept here. */
export interface OpenedData {
  /** Splits that the source has. */
  splits(): Promise<readonly string[]>;
  read(request: ReadRequest): Promise<ReadResult>;
}

/** Reads one format of data. */
export interface Reader {
  /** Whether a spec names a file or a folder, as in `coco:PATH`; otherwise only settings follow the colon. */
  readonly takesPath: boolean;
  /** Settings that a spec may have; any where it is left out, and the reader checks them. */
  readonly settings?: readonly string[];
  readonly open: (spec: DataSpec) => Promise<OpenedData>;
}

/** Other names of a split, the usual one first. */
export function splitNames(split: string): readonly string[] {
  return split === "val" ? ["val", "valid", "validation"] : split === "train" ? ["train", "training"] : [split];
}
