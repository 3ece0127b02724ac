import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test.each(globSync("examples/short/*.ts", { cwd: root }))("%s has at most 20 lines beside imports", (file) => {
  const withoutImports = readFileSync(join(root, file), "utf8").replaceAll(/^import [^;]*;$/gmu, "");
  const lines = withoutImports.split("\n").filter((line) => line.trim() !== "" && !line.trimStart().startsWith("//"));
  expect(lines.length).toBeLessThanOrEqual(20);
});

test("a new detector from outside is one file of at most 300 lines", () => {
  const file = readFileSync(join(root, "examples/own-detector/conditional-detr.ts"), "utf8");
  expect(file.split("\n").length).toBeLessThanOrEqual(300);
});
