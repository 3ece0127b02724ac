import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder } from "../../bootstrap/cache-folder.mjs";
import type { Case, Rehearsal } from "../cases.ts";
import { Consumer } from "../consumer.ts";
import { ensureDone } from "../programs.ts";

const example = join(import.meta.dirname, "../../../examples/own-training-loop");

/** Trains on a machine that has Python and no compiler: with the parts that @detrkit/native-PLATFORM brings. */
async function trainWithoutCompiler(rehearsal: Rehearsal): Promise<string> {
  const consumer = new Consumer(rehearsal, "prebuilt");
  const { dependencies } = JSON.parse(readFileSync(join(example, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  await consumer.install("npm", Object.keys(dependencies));
  copyFileSync(join(example, "main.ts"), join(consumer.folder, "main.ts"));
  const PATH = onlyPrograms(["node", "python3", "sh"], join(consumer.folder, "bin"));
  const environment = {
    PATH,
    DETRKIT_CACHE: cacheWithoutAddon(join(consumer.folder, "cache")),
    NODE_NO_WARNINGS: "1",
  };
  const output = await ensureDone(join(PATH, "node"), ["main.ts"], consumer.folder, environment);
  if (!output.includes("TensorFlow") || output.includes("compil"))
    throw new Error(`the compiled parts of the package were not used:\n${output}`);
  consumer.remove();
  return "trained with compiled parts from npm";
}

/** A folder for PATH in which these programs are and nothing else. */
function onlyPrograms(names: readonly string[], folder: string): string {
  mkdirSync(folder);
  for (const name of names) {
    const found = (process.env["PATH"] ?? "")
      .split(delimiter)
      .map((path) => join(path, name))
      .find(existsSync);
    if (found !== undefined) symlinkSync(found, join(folder, name));
  }
  return folder;
}

/** A cache that holds TensorFlow's library, by hard links where it can, and nothing that was compiled. */
function cacheWithoutAddon(folder: string): string {
  const from = join(cacheFolder(), "native");
  const to = join(folder, "native");
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((entry) => /^libtensorflow-[^.]*\.[^.]*\.[^.]*$/.test(entry))) {
    for (const path of readdirSync(join(from, name), { recursive: true, encoding: "utf8", withFileTypes: true })) {
      if (!path.isFile()) continue;
      const source = join(path.parentPath, path.name);
      const target = join(to, source.slice(from.length));
      mkdirSync(dirname(target), { recursive: true });
      try {
        linkSync(source, target);
      } catch {
        cpSync(source, target, { preserveTimestamps: true });
      }
    }
  }
  return folder;
}

export const prebuiltCases: readonly Case[] = [
  { group: "native backend", name: "no compiler", short: true, run: trainWithoutCompiler },
];
