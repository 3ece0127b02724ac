import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const maximum = 120;
const notWrittenByHand = /fixtures|kernels-wasm\.ts$|(?:^|\/)[^/]*lock[^/]*\.(?:json|yaml)$/u;

/** Numbers from 1 of the lines that are too long; a line that is one word, an address for example, can't be broken. */
function longLines(text: string): readonly number[] {
  return text.split("\n").flatMap((line, index) => (line.length > maximum && /\S\s+\S/u.test(line) ? [index + 1] : []));
}

test("a long line is named, a long word alone on a line is not", () => {
  const word = "x".repeat(maximum);
  expect(longLines(`${word}\n  ${word}x\n${word} x\n`)).toEqual([3]);
});

test(`no tracked source line is longer than ${maximum} columns`, () => {
  const patterns = ["*.ts", "*.mjs", "*.cc", "*.h", "*.py"];
  const tracked = execFileSync("git", ["ls-files", ...patterns], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");
  const paths = tracked.filter((path) => !notWrittenByHand.test(path) && existsSync(join(root, path)));
  expect(paths.length).toBeGreaterThan(500);
  const long = paths.flatMap((path) =>
    longLines(readFileSync(join(root, path), "utf8")).map((line) => `${path}:${line}`),
  );
  expect(long).toEqual([]);
});
