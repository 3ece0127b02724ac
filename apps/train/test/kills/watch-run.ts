import { existsSync, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { basename } from "node:path";
import type { RunFolder } from "../../src/training/run-folder.ts";
import type { PlannedKill } from "./kill-plan.ts";

/** Where a stored run is. */
interface StoredPosition {
  /** From 0. */
  readonly epoch: number;
  readonly stepsDone: number;
}

/** The position in a checkpoint's header, read by hand: quicker than opening it, and it may be replaced meanwhile. */
export function storedPosition({ lastCheckpoint }: RunFolder): StoredPosition | undefined {
  if (!existsSync(lastCheckpoint)) return undefined;
  const bytes = readFileSync(lastCheckpoint);
  const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString("utf8");
  const strings = (JSON.parse(header) as Record<string, Record<string, string>>)["__metadata__"];
  return JSON.parse(strings?.["detrkit.training"] ?? "null") as StoredPosition;
}

/**
 * Watches a run folder until the moment of a planned kill.
 *
 * @param stepsPerEpoch - of the run
 * @param now - called at the moment
 * @returns stops watching
 */
export function atMoment(
  { occasion, times, delayMs }: PlannedKill,
  folder: RunFolder,
  stepsPerEpoch: number,
  now: () => void,
): () => void {
  let [left, timer] = [times, undefined as NodeJS.Timeout | undefined];
  const begin = (): void => {
    timer ??= setTimeout(now, delayMs);
  };
  if (occasion === "anything") begin();
  const isBegun = (name: string): boolean => {
    if (occasion === "saving") return name.startsWith(`${basename(folder.lastCheckpoint)}.`);
    if (occasion === "report") return name === basename(folder.metrics);
    return name === basename(folder.lastCheckpoint) && storedPosition(folder)?.stepsDone === stepsPerEpoch;
  };
  const watcher = watch(folder.root, (event, name) => {
    // Saving is two events: the temporary file comes, and goes.
    if (event === "rename" && name !== null && isBegun(name) && left-- <= 0) begin();
  });
  return () => {
    watcher.close();
    clearTimeout(timer);
  };
}

/** What a killed run was doing, by what it left. */
export function foundDoing(folder: RunFolder, stepsPerEpoch: number): string {
  const half = readdirSync(folder.root).find((name) => name.endsWith(".tmp"));
  if (half !== undefined) return `writing ${half.replace(/\.\d+-\w+\.tmp$/u, "")}`;
  const position = storedPosition(folder);
  if (position?.stepsDone !== stepsPerEpoch) return "a step";
  const logged = existsSync(folder.log) ? readFileSync(folder.log, "utf8").trim().split("\n").length : 0;
  if (logged > position.epoch) return "a step";
  const changed = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);
  return changed(folder.metrics) > changed(folder.lastCheckpoint) ? "pictures and report" : "evaluation";
}
