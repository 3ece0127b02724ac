import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { runStep } from "../bootstrap/child-process.mjs";
import { compileFiles } from "./compile-files.ts";
import { headers, languageFlags, optimisation, root } from "./sources.ts";

/** A program made with sanitisers. */
export interface Sanitised {
  readonly name: string;
  readonly sources: readonly string[];
  /** The compiler's names of the sanitisers. */
  readonly sanitisers: string;
}

/** Folder of everything that is made here. */
export const sanitiseFolder: string = join(root, ".cache", "sanitise");

// Optimised only a little: sanitisers see what the sources say, and reports name the lines.
const flags = [
  ...languageFlags,
  ...optimisation.filter((flag) => !flag.startsWith("-O")),
  "-O1",
  "-g1",
  "-fno-omit-frame-pointer",
  ...(process.arch === "x64" ? ["-march=x86-64-v3"] : []),
];

/**
 * Builds a program and returns its path; objects of files that have not changed are taken from the last time. Throws
 * what the compiler said.
 */
export async function sanitisedProgram(program: string, { name, sources, sanitisers }: Sanitised): Promise<string> {
  const own = [...flags, `-fsanitize=${sanitisers}`, "-fno-sanitize-recover=all"];
  const folder = join(sanitiseFolder, name);
  mkdirSync(folder, { recursive: true });
  const objects = new Map(
    sources.map((source) => [source, join(folder, `${basename(source)}-${hashOf([program, ...own], source)}.o`)]),
  );
  const scratch = mkdtempSync(join(sanitiseFolder, "building-"));
  try {
    const missing = sources.filter((source) => !existsSync(objects.get(source) ?? ""));
    const compiled = await compileFiles({ program, flags: own, sources: missing, folder: scratch });
    for (const [index, object] of compiled.objects.entries()) {
      if (existsSync(object)) renameSync(object, objects.get(missing[index] ?? "") ?? object);
    }
    const [first] = compiled.failures;
    if (first !== undefined) throw new Error(first.error);
    const linked = await runStep(program, [
      ...objects.values(),
      `-fsanitize=${sanitisers}`,
      "-pthread",
      "-o",
      join(scratch, name),
    ]);
    if (linked.code !== 0) throw new Error(linked.output);
    renameSync(join(scratch, name), join(folder, name));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  removeOthers(folder, new Set([name, ...[...objects.values()].map((object) => basename(object))]));
  return join(folder, name);
}

/** Of whatever an object depends on. */
function hashOf(command: readonly string[], source: string): string {
  const hash = createHash("sha256").update(JSON.stringify(command));
  for (const file of [...headers, source]) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  for (const file of readdirSync(folder)) if (!kept.has(file)) rmSync(join(folder, file));
}
