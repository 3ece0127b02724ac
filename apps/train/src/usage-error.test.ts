import { expect, test } from "vitest";
import { closestName, suggestion } from "./usage-error.ts";

const known = ["batch-size", "learning-rate", "epochs", "evaluate-every"];

test("a misspelt name finds the one that was meant", () => {
  expect(closestName("bacth-size", known)).toBe("batch-size");
  expect(closestName("learningRate", known)).toBe("learning-rate");
  expect(closestName("epoch", known)).toBe("epochs");
});

test("two letters in the wrong order are one mistake", () => {
  expect(closestName("trian", ["train", "demo"])).toBe("train");
});

test("a shortened name finds the whole one", () => {
  expect(closestName("batch", known)).toBe("batch-size");
});

test("a name far from all others finds none", () => {
  expect(closestName("colour", known)).toBeUndefined();
  expect(suggestion("colour", known)).toBe("");
});

test("a suggestion carries its prefix", () => {
  expect(suggestion("epohcs", known, "--")).toBe(", did you mean --epochs?");
});
