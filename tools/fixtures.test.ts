import { globSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { expect, test } from "vitest";
import { topics } from "./parity/src/topics.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/fixtures.md"), "utf8");
/** Modules that tests load are no recorded numbers. */
const notOurs = (path: string): boolean => path.includes("node_modules") || path.endsWith(".ts");
const files = globSync(["fixtures/**/*.*", "{packages,apps,tools,examples,benchmarks}/**/__fixtures__/**/*.*"], {
  cwd: root,
  exclude: notOurs,
});
/** Files and source of every row. */
const rows = [...page.matchAll(/^\| `([^`]*(?:fixtures|__fixtures__)\/[^`]*)` +\|[^|]*\| +`?([^|`]+?)`? +\|/gm)].map(
  ([, pattern = "", source = ""]) => ({ pattern, source }),
);

test("every fixture is in exactly one row of docs/fixtures.md", () => {
  expect(files.length).toBeGreaterThan(100);
  const rowsOf = (file: string): readonly string[] =>
    rows.filter(({ pattern }) => matchesGlob(file, pattern)).map(({ pattern }) => pattern);
  expect(files.filter((file) => rowsOf(file).length !== 1)).toEqual([]);
});

test("every row has files, and a script that is there where it names one", () => {
  expect(rows.filter(({ pattern }) => !files.some((file) => matchesGlob(file, pattern)))).toEqual([]);
  const scripts = rows.map(({ source }) => source).filter((source) => source !== "given");
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.filter((script) => globSync(script, { cwd: root }).length === 0)).toEqual([]);
});

test("every case was recorded from a commit that the page names", () => {
  const other = files
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => {
      const { reference = [] } = JSON.parse(readFileSync(join(root, file), "utf8")) as {
        readonly reference?: readonly { readonly repo: string; readonly commit: string }[];
      };
      return reference.filter(
        ({ repo, commit }) => !page.split("\n").some((line) => line.includes(repo) && line.includes(`\`${commit}\``)),
      );
    });
  expect(other).toEqual([]);
});

test("every topic of the parity tool is what a package's own tests run, and the other way round", () => {
  const tested = globSync("packages/*/src/recorded-*.parity.test.ts", { cwd: root }).map(
    (file) => /testRecordedCases\(new URL\("[./]+fixtures\/([^"]+)"/.exec(readFileSync(join(root, file), "utf8"))?.[1],
  );
  expect(Object.keys(topics).toSorted()).toEqual(tested.toSorted());
});
