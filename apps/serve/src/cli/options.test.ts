import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { helpText, readOptions } from "./options.ts";

const folder = temporaryFolder();
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test("models get names, from their paths or as they are given, the first one first", () => {
  const models = (...args: string[]): [string, string][] => [...(readOptions(args, {})?.models ?? [])];
  expect(models("--checkpoint", "runs/mine")).toEqual([["mine", "runs/mine"]]);
  expect(models("--checkpoint", "weights/detr-r50.pth", "--model", "b=runs/b")).toEqual([
    ["detr-r50", "weights/detr-r50.pth"],
    ["b", "runs/b"],
  ]);
  expect(models("--checkpoint", "hf:facebook/detr-resnet-50@main")[0]?.[0]).toBe("detr-resnet-50");
});

test("numbers are read in the units that the help says; what is not said keeps its default", () => {
  const settings = readOptions(["--checkpoint", "x", "--deadline", "1.5", "--max-batch", "7", "--no-watch"], {});
  expect(settings).toMatchObject({ deadlineMs: 1500, maxBatch: 7, watch: false, apiKeys: [] });
  expect(settings).not.toHaveProperty("port");
});

test("a precision that there is not is refused with those that there are", () => {
  expect(readOptions(["--checkpoint", "x", "--precision", "fp32"], {})).toMatchObject({ precision: "fp32" });
  expect(() => readOptions(["--checkpoint", "x", "--precision", "int8"], {})).toThrow(
    "--precision expected fp32, got int8",
  );
});

test("keys come from a file and from the environment", () => {
  const keys = file("keys.txt", "one\ntwo\n");
  expect(
    readOptions(["--checkpoint", "x", "--api-key-file", keys], { DETRKIT_SERVE_API_KEY: "three" })?.apiKeys,
  ).toEqual(["three", "one", "two"]);
});

test.each<[string, string[], string]>([
  ["an unknown flag", ["--chekpoint", "x"], "Unknown option '--chekpoint'"],
  ["no number", ["--checkpoint", "x", "--max-batch", "many"], "--max-batch expected a number from 1, got many"],
  ["an unknown engine", ["--checkpoint", "x", "--engine", "onnx"], "--engine expected native, wasm, cpu, got onnx"],
  ["a model without a path", ["--model", "x"], "--model expected NAME=PATH, got x"],
  ["a name twice", ["--model", "x=1", "--model", "x=2"], "--model: x is there twice"],
  ["a name with a path in it", ["--model", "../x=1"], "--model expected a name of letters"],
  ["a file without keys", ["--checkpoint", "x", "--api-key-file", file("none.txt", "\n")], "holds no key"],
  ["requests larger than the queue", ["--checkpoint", "x", "--max-queue", "3"], "--max-queue expected at least"],
])("%s is refused", (_, args, message) => {
  expect(() => readOptions(args, {})).toThrow(message);
});

test("the help names every flag", () => {
  expect(readOptions(["--help"], {})).toBeUndefined();
  for (const flag of ["--checkpoint PATH", "--model NAME=PATH", "--api-key-file FILE", "--trust-proxy"])
    expect(helpText()).toContain(flag);
});
