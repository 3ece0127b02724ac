import { readdirSync, statSync } from "node:fs";
import { join, parse, resolve } from "node:path";
import { parseDataSpec } from "@detrkit/datasets";
import { resumeCommand } from "../cli/typed-command.ts";
import { UsageError } from "../usage-error.ts";
import { runFolder } from "./run-folder.ts";

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

/** When a run was last worked on, in milliseconds; undefined where the folder holds none. */
function lastWorkedOn(root: string): number | undefined {
  const { config, log, lastCheckpoint } = runFolder(root);
  const timeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const started = timeOf(config);
  return started === undefined ? undefined : Math.max(started, timeOf(log) ?? 0, timeOf(lastCheckpoint) ?? 0);
}

/** The run in `runs` that was worked on last. @throws UsageError where there is none */
export function lastRun(folder: string = runsFolder): LastRun {
  const runs = namesIn(folder).flatMap((name) => {
    const root = join(folder, name);
    const time = lastWorkedOn(root);
    return time === undefined ? [] : [{ root, time }];
  });
  const last = runs.toSorted((one, other) => other.time - one.time)[0];
  if (last === undefined)
    throw new UsageError(
      `--resume goes on with the last run in ${folder}, where there is none; ` +
        `name the folder of the run: ${resumeCommand(join(folder, "mine"))}`,
    );
  return { root: last.root, count: runs.length };
}
