// What reads a finished run and trains none: no tfjs is loaded.
import { join } from "node:path";

export { bestRecord, readLog } from "./epoch-record.ts";
export type { EpochRecord } from "./epoch-record.ts";

/** Lies in a run folder while the run is trained. */
export const lockName = "training.lock";

/** Where a run keeps what it needs to go on and what came of it. */
export interface RunFiles {
  readonly root: string;
  readonly log: string;
  readonly metrics: string;
  readonly lastCheckpoint: string;
  readonly bestCheckpoint: string;
}

/** The files that `train` writes into its output folder. */
export function runFiles(root: string): RunFiles {
  return {
    root,
    log: join(root, "log.jsonl"),
    metrics: join(root, "metrics.json"),
    lastCheckpoint: join(root, "checkpoint-last.safetensors"),
    bestCheckpoint: join(root, "checkpoint-best.safetensors"),
  };
}
