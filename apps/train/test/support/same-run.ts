import { readFile } from "node:fs/promises";
import { readSafetensors } from "@detrkit/checkpoint";
import { readLog } from "@detrkit/training";
import { expect } from "vitest";
import { runFolder } from "../../src/training/run-folder.ts";
import { numbersOf } from "./tiny-run.ts";

/** All weights and the optimiser's state, and where the run is, to the last bit. */
async function finalState(root: string): Promise<unknown> {
  const { tensors, metadata } = await readSafetensors(runFolder(root).lastCheckpoint);
  const { sums: _, ...position } = JSON.parse(metadata["detrkit.training"] as string) as Record<string, unknown>;
  return { tensors: [...tensors].toSorted(([one], [other]) => (one < other ? -1 : 1)), position };
}

/**
 * Fails unless two runs have the same numbers, to the last bit: their log, their metrics, and what their training left.
 */
export async function expectSameRun(whole: string, other: string): Promise<void> {
  expect(numbersOf(await readLog(runFolder(other).log))).toEqual(numbersOf(await readLog(runFolder(whole).log)));
  expect(await finalState(other)).toEqual(await finalState(whole));
  expect(await readFile(runFolder(other).metrics, "utf8")).toBe(await readFile(runFolder(whole).metrics, "utf8"));
}
