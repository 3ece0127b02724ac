import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test.each(globSync("examples/short/*.ts", { cwd: root }))("%s has at most 20 lines beside imports", (file) => {
  const withoutImports = readFileSync(join(root, file), "utf8").replaceAll(/^import [^;]*;$/gmu, "");
  const lines = withoutImports.split("\n").filter((line) => line.trim() !== "" && !line.trimStart().startsWith("//"));
  expect(lines.length).toBeLessThanOrEqual(20);
});

test.each(globSync("examples/own-detector/*.ts", { cwd: root }))(
  "%s: a detector from outside has at most 300 lines",
  (file) => {
    expect(readFileSync(join(root, file), "utf8").split("\n").length).toBeLessThanOrEqual(300);
  },
);
