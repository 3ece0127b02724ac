import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { readSafetensors } from "@detrkit/checkpoint";
import { readLog } from "@detrkit/training";
import { runFolder } from "../../src/training/run-folder.ts";
import { numbersOf } from "./tiny-run.ts";

/** Everything of a run that does not depend on the clock or the machine, by what it is. */
async function numbersOfRun(root: string): Promise<ReadonlyMap<string, unknown>> {
  const { bestCheckpoint, lastCheckpoint, log, metrics, reportFacts } = runFolder(root);
  const { tensors, metadata } = await readSafetensors(lastCheckpoint);
  const { sums: _, ...position } = JSON.parse(metadata["detrkit.training"] as string) as Record<string, unknown>;
  const text = async (path: string): Promise<string> => (existsSync(path) ? await readFile(path, "utf8") : "");
  return new Map<string, unknown>([
    ["log.jsonl", numbersOf(await readLog(log))],
    ["weights and the optimiser's state", sorted(tensors)],
    ["position", position],
    ["best weights", existsSync(bestCheckpoint) ? sorted((await readSafetensors(bestCheckpoint)).tensors) : []],
    ["metrics.json", await text(metrics)],
    ["report.json", await text(reportFacts)],
  ]);
}

function sorted(tensors: ReadonlyMap<string, unknown>): (readonly [string, unknown])[] {
  return [...tensors].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** In what two runs differ, to the last bit: nothing where one was stopped or killed and resumed. */
export async function differences(whole: string, other: string): Promise<string[]> {
  const [one, two] = [await numbersOfRun(whole), await numbersOfRun(other)];
  return [...one].flatMap(([name, value]) => (isDeepStrictEqual(value, two.get(name)) ? [] : [name]));
}

/** Fails where two runs differ. */
export async function expectSameRun(whole: string, other: string): Promise<void> {
  const different = await differences(whole, other);
  if (different.length > 0) throw new Error(`${other} differs from ${whole}: ${different.join(", ")}`);
}
