import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const manifests = execFileSync("git", ["ls-files", "*package.json"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

test.each(manifests)("%s has a version, private or not: changesets stops at a package without one", (path) => {
  expect(JSON.parse(readFileSync(join(root, path), "utf8"))).toHaveProperty("version");
});
