import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { CaseFailure, FuzzTarget } from "./fuzz-target.ts";
import { signatureOf } from "./signature.ts";

export interface Finding {
  readonly target: string;
  /** See {@link FuzzTarget.form}. */
  readonly form: FuzzTarget["form"];
  /** Of the run; with `index` it makes the case again. */
  readonly seed: number;
  readonly index: number;
  /** The case as it was drawn. */
  readonly original: Uint8Array;
  /** What is left of it after shrinking. */
  readonly smallest: Uint8Array;
  readonly failure: CaseFailure;
  /** Whether the smallest input failed again in a child process of its own. */
  readonly reproduced: boolean;
}

/**
 * Writes a folder for one finding (`input.bin` or `.json`, `original.bin` or `.json`, `finding.json`) and returns the
 * path of its input.
 */
export async function writeFinding(folder: string, { original, smallest, ...rest }: Finding): Promise<string> {
  const signature = signatureOf(rest.failure);
  const own = join(
    folder,
    `${rest.target}-${rest.failure.kind}-${createHash("sha256").update(signature).digest("hex").slice(0, 8)}`,
  );
  await mkdir(own, { recursive: true });
  const extension = rest.form === "bytes" ? "bin" : "json";
  await writeFile(join(own, `original.${extension}`), original);
  await writeFile(join(own, "finding.json"), `${JSON.stringify({ signature, ...rest }, null, 2)}\n`);
  const input = join(own, `input.${extension}`);
  await writeFile(input, smallest);
  return input;
}

/** The target that a finding's input belongs to; undefined for a file that stands alone. */
export async function targetOfInput(path: string): Promise<string | undefined> {
  if (!/^(?:input|original)\.(?:bin|json)$/u.test(basename(path))) return undefined;
  try {
    const { target } = JSON.parse(await readFile(join(dirname(path), "finding.json"), "utf8")) as {
      readonly target?: unknown;
    };
    return typeof target === "string" ? target : undefined;
  } catch {
    return undefined;
  }
}

/** @param input - what {@link writeFinding} returned */
export function describeFinding(
  { target, seed, index, failure, original, smallest, reproduced }: Finding,
  input: string,
): string {
  const lines = failure.message
    .split("\n")
    .slice(0, 12)
    .map((line) => `    ${line}`);
  return [
    `FINDING ${target}: ${failure.kind}, seed ${seed}, case ${index}, ` +
      `${original.length} bytes shrunk to ${smallest.length}`,
    ...lines,
    ...(reproduced
      ? []
      : ["    did not fail again alone: it needs what earlier cases left behind, or is a matter of chance"]),
    `  replay: npm run fuzz -- ${target} --replay ${relative(process.cwd(), input)}`,
    `  or:     npm run fuzz -- ${target} --seed ${seed} --case ${index}`,
  ].join("\n");
}
