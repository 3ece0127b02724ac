import { expect, test } from "vitest";
import { fitted } from "./terminal.ts";

const write = (): void => undefined;
const sentence = "no kernels for x86-64-v4, about as fast: g++ failed (exit code 1)";

test("a line is no wider than the terminal, and goes on indented", () => {
  expect(fitted(`${sentence}\nshort`, { isTTY: true, columns: 40, write })).toBe(
    "no kernels for x86-64-v4, about as\n  fast: g++ failed (exit code 1)\nshort",
  );
});

test("a line keeps its own margin", () => {
  expect(fitted(`  - ${sentence}`, { isTTY: true, columns: 40, write }, "    ")).toBe(
    "  - no kernels for x86-64-v4, about as\n    fast: g++ failed (exit code 1)",
  );
});

test("a file gets its lines whole", () => {
  expect(fitted(sentence, { write })).toBe(sentence);
  expect(fitted(sentence, { isTTY: false, columns: 40, write })).toBe(sentence);
});
