import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nativeSources } from "../build/native-sources.ts";

const source = join(import.meta.dirname, "..");
const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const textOf = (folder: string, ending: string): string =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((name) => name.endsWith(ending) && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(import.meta.dirname, folder, name), "utf8"))
    .join("\n");
const namesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))].toSorted();

test("every op's folder is in the list", () => {
  const listed = namesIn(readFileSync(join(import.meta.dirname, "index.ts"), "utf8"), /from "\.\/([\w-]+)\//g);
  expect(listed).toEqual(folders.toSorted());
});

test.each(folders)("what the C++ of %s declares is what the TypeScript beside it runs, and nothing else", (folder) => {
  const declared = namesIn(textOf(folder, ".cc"), /\{"(Detrkit\w+)"/g);
  expect(namesIn(textOf(folder, ".ts"), /"(Detrkit\w+)"/g)).toEqual(declared);
});

test("the sources that a build is made of are those of the addon, the ops and what they share", () => {
  const sources = nativeSources();
  expect(sources).toEqual(
    expect.arrayContaining([
      "addon/addon.map",
      "ops/layer-norm/layer_norm.cc",
      "shared/kernel.h",
      "shared/kernels.map",
    ]),
  );
  expect(namesIn(sources.join("\n"), /^(\w+)\//gm)).toEqual(["addon", "ops", "shared"]);
});

test("no line of what the formatter leaves alone is longer than 120 columns", () => {
  const kernels = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".as.ts"));
  const tests = readdirSync(join(source, "../native-tests")).map((name) => join("../native-tests", name));
  const long = [...nativeSources(), ...kernels, ...tests].flatMap((path) =>
    readFileSync(join(source, path), "utf8")
      .split("\n")
      .flatMap((line, index) => (line.length > 120 ? [`${path}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});
