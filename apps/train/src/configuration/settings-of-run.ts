import { runOfCheckpoint } from "../training/run-folder.ts";
import type { RunConfig } from "./resolve-config.ts";

/** What a run was started with; undefined for a checkpoint that stands alone. */
export async function settingsOfRun(checkpoint: string): Promise<RunConfig | undefined> {
  const run = await runOfCheckpoint(checkpoint);
  if (run === undefined) return undefined;
  // Other commands need no schema of all settings: it is loaded here only.
  const { resumeConfig, storedSettings } = await import("./resume-config.ts");
  return await resumeConfig(await storedSettings(run.root), { output: run.root });
}
