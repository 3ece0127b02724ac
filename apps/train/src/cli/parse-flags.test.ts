import { expect, test } from "vitest";
import { type FlagDefinition, parseFlags, wordsFlag } from "./parse-flags.ts";

const flags: readonly FlagDefinition[] = [
  { name: "epochs", kind: "number", description: "" },
  { name: "data", kind: "text", description: "" },
  { name: "flips", kind: "text", description: "", choices: ["none", "both"] },
  { name: "short-sides", kind: "numbers", description: "" },
  { name: "batch-size", kind: "number", description: "", words: ["auto"] },
  { name: "pre-norm", kind: "boolean", description: "" },
];

test("flags are read in both notations and converted to their kind", () => {
  const { values, positionals } = parseFlags(
    ["--epochs", "3", "--data=voc:a b", "picture.png", "--short-sides", "5,7", "--pre-norm"],
    flags,
  );
  expect(Object.fromEntries(values)).toEqual({ epochs: 3, data: "voc:a b", "short-sides": [5, 7], "pre-norm": true });
  expect(positionals).toEqual(["picture.png"]);
});

test("words are a list with commas, or the flag several times", () => {
  const save: readonly FlagDefinition[] = [{ name: "save", kind: "words", description: "", choices: ["a", "b", "c"] }];
  expect(wordsFlag(parseFlags(["--save", "b,a", "--save=c", "--save", "a"], save), "save")).toEqual(["b", "a", "c"]);
  expect(wordsFlag(parseFlags([], save), "save")).toEqual([]);
  expect(() => parseFlags(["--save", "a,d"], save)).toThrow('--save takes one of a, b, c, got "d"');
});

test("--no- turns a switch off", () => {
  expect(parseFlags(["--no-pre-norm"], flags).values.get("pre-norm")).toBe(false);
});

test.each(["--optimizer-clip-norm", "--optimizer_clip_norm", "--optimizer.clipNorm", "--optimizerClipNorm"])(
  "%s is --optimizer.clip-norm",
  (typed) => {
    const nested: readonly FlagDefinition[] = [{ name: "optimizer.clip-norm", kind: "number", description: "" }];
    expect(parseFlags([typed, "2"], nested).values.get("optimizer.clip-norm")).toBe(2);
    expect(parseFlags([`${typed}=2`], nested).values.get("optimizer.clip-norm")).toBe(2);
    expect(() => parseFlags([typed, "2", "--optimizer.clip-norm", "3"], nested)).toThrow("was given twice");
  },
);

test("what follows -- is no flag", () => {
  expect(parseFlags(["--", "--odd-name.png"], flags).positionals).toEqual(["--odd-name.png"]);
});

test("a number may have words that stand for it", () => {
  expect(parseFlags(["--batch-size", "auto"], flags).values.get("batch-size")).toBe("auto");
  expect(parseFlags(["--batch-size", "4"], flags).values.get("batch-size")).toBe(4);
});

test.each([
  [["--epoch", "3"], "unknown flag --epoch, did you mean --epochs?"],
  [["--no-data"], "unknown flag --no-data, did you mean --data?"],
  [["-e"], "unknown flag -e"],
  [["--epochs", "many"], '--epochs takes a number, got "many"'],
  [["--epochs="], '--epochs takes a number, got ""'],
  [["--batch-size", "many"], '--batch-size takes a number or auto, got "many"'],
  [["--short-sides", "5,x"], "--short-sides takes numbers separated by commas"],
  [["--flips", "bth"], '--flips takes one of none, both, got "bth", did you mean both?'],
  [["--data"], "--data needs a value"],
  [["--data", "--epochs", "2"], "--data needs a value"],
  [["--pre-norm=yes"], "--pre-norm takes no value"],
  [["--epochs", "1", "--epochs", "2"], "--epochs was given twice"],
])("%j is refused", (args, message) => {
  expect(() => parseFlags(args, flags)).toThrow(message);
});
