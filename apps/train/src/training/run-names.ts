import { readdirSync, statSync } from "node:fs";
import { join, parse, resolve } from "node:path";
import { parseDataSpec } from "@detrkit/datasets";
import { resumeCommand } from "../cli/typed-command.ts";
import { UsageError } from "../usage-error.ts";
import { readRunConfig, type RunFolder, runFolder } from "./run-folder.ts";

/** Where runs go whose folder nobody names. */
export const runsFolder = "runs";

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** What data is called in the name of a run: its folder or file without the extension, or its format. */
function dataName(data: string): string {
  const { format, path } = parseDataSpec(data);
  const { name } = parse(path === "" ? format : resolve(path));
  // A name that no shell has to quote, and that no folder hides.
  const plain = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replaceAll(/^[.-]+|[.-]+$/gu, "");
  return plain === "" ? "run" : plain;
}

/**
 * A folder for a new run on this data: `runs/NAME`, with a number where that is taken.
 *
 * @param runs - the folder of all runs
 * @throws ConfigError where the text names no data
 */
export function newRunFolder(data: string, runs: string = runsFolder): string {
  const name = dataName(data);
  const taken = new Set(namesIn(runs).map((other) => other.toLowerCase()));
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${name}-${number}`;
  return join(runs, free);
}

/** The run that was worked on last, and how many there are. */
export interface LastRun {
  readonly root: string;
  readonly count: number;
}

/** When a run was last worked on, in milliseconds. */
function lastWorkedOn({ config, log, lastCheckpoint }: RunFolder): number {
  const timeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Math.max(timeOf(config), timeOf(log), timeOf(lastCheckpoint));
}

/** Whether a folder holds a run; one whose settings are damaged cannot go on. */
async function isRun(folder: RunFolder): Promise<boolean> {
  return (await readRunConfig(folder).catch(() => undefined)) !== undefined;
}

/** The run in `runs` that was worked on last. @throws UsageError where there is none */
export async function lastRun(folder: string = runsFolder): Promise<LastRun> {
  const runs: RunFolder[] = [];
  for (const name of namesIn(folder)) {
    const run = runFolder(join(folder, name));
    if (await isRun(run)) runs.push(run);
  }
  const last = runs.toSorted((one, other) => lastWorkedOn(other) - lastWorkedOn(one))[0];
  if (last === undefined)
    throw new UsageError(
      `--resume goes on with the last run in ${folder}, where there is none; ` +
        `name the folder of the run: ${resumeCommand(join(folder, "mine"))}`,
    );
  return { root: last.root, count: runs.length };
}
