import { expect, test } from "vitest";
import { wrapText } from "./wrap-text.ts";

test.each([
  ["a text that fits stays one line", "one two", 7, "one two"],
  ["a longer one is broken between words", "one two three four", 8, "one two\n  three\n  four"],
  ["a word that is too wide gets a line of its own", "see /a/long/path now", 8, "see\n  /a/long/path\n  now"],
  ["nothing stays nothing", "", 8, ""],
])("%s", (_title, text, width, expected) => {
  expect(wrapText(text, width, "  ")).toBe(expected);
});
