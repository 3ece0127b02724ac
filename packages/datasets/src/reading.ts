import type { DataProblem } from "./data-policy.ts";
import type { DataSpec } from "./data-spec.ts";
import type { ImageRecord } from "./dataset.ts";

/** What a reader is asked for. */
export interface ReadRequest {
  readonly spec: DataSpec;
  /** `"train"`, `"val"`, `"test"` or whatever the source calls a part of it. */
  readonly split: string;
  /** Names in label order, where the caller (a checkpoint) fixes it; else the source decides. */
  readonly classes?: readonly string[];
  /** Takes every finding; reading goes on after it. */
  readonly report: (problem: DataProblem) => void;
}

/** What a reader gives back; `T` objects and so on are described at {@link ImageRecord}. */
export interface ReadResult {
  readonly classes: readonly string[];
  readonly categoryIds: readonly number[];
  readonly records: readonly ImageRecord[];
}

/** Reads one form of data. */
export interface Reader {
  /** Splits that the source has. */
  readonly splits: (spec: DataSpec) => Promise<readonly string[]>;
  readonly read: (request: ReadRequest) => Promise<ReadResult>;
}

/** Other names of a split, the usual one first. */
export function splitNames(split: string): readonly string[] {
  return split === "val" ? ["val", "valid", "validation"] : split === "train" ? ["train", "training"] : [split];
}
