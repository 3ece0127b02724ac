import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
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
  ...languageFlags, ...optimisation.filter((flag) => !flag.startsWith("-O")), "-O1", "-g1", "-fno-omit-frame-pointer",
  ...(process.arch === "x64" ? ["-march=x86-64-v3"] : []),
];

/** Path of the program, which is built unless it was built from the same sources before. Throws what the compiler said. */
export async function sanitisedProgram(program: string, { name, sources, sanitisers }: Sanitised): Promise<string> {
  const own = [...flags, `-fsanitize=${sanitisers}`, "-fno-sanitize-recover=all"];
  const hash = createHash("sha256").update(JSON.stringify([program, own]));
  for (const file of [...headers(), ...sources]) hash.update(readFileSync(file));
  const built = join(sanitiseFolder, `${name}-${hash.digest("hex").slice(0, 16)}`, name);
  if (existsSync(built)) return built;
  mkdirSync(sanitiseFolder, { recursive: true });
  const folder = mkdtempSync(join(sanitiseFolder, "building-"));
  try {
    const { failures, objects } = await compileFiles({ program, flags: own, sources, folder });
    const [first] = failures;
    if (first !== undefined) throw new Error(first.error);
    const linked = await runStep(program, [...objects, `-fsanitize=${sanitisers}`, "-pthread", "-o", join(folder, name)]);
    if (linked.code !== 0) throw new Error(linked.output);
    for (const object of objects) rmSync(object);
    rmSync(dirname(built), { recursive: true, force: true });
    renameSync(folder, dirname(built));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return built;
}
