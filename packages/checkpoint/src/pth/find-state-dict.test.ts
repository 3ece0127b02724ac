import { CheckpointError } from "@detrkit/common";
import { expect, test } from "vitest";
import { findStateDict } from "./find-state-dict.ts";
import { PickleStorage, type PickleValue } from "./pickle-value.ts";
import { type PthTensor, tensorFrom } from "./pth-tensor.ts";
import { ReadingBudget } from "./reading-budget.ts";

const file = { source: "x.pth", budget: new ReadingBudget("x.pth", 100) };
const storage = new PickleStorage("0", "FloatStorage", 6, 0);
const [one, other]: readonly PthTensor[] = [
  tensorFrom([storage, 0, [2, 3], [3, 1]], file),
  tensorFrom([storage, 1, [5], [1]], file),
];
const dictionary = (entries: Readonly<Record<string, PickleValue | undefined>>): Map<PickleValue, PickleValue> =>
  new Map(Object.entries(entries) as [string, PickleValue][]);

test("a state dict is found under the usual keys or at the top; entries that are not tensors are left out", () => {
  const ofOne = dictionary({ weight: one, _extra: 5 });
  const ofOther = dictionary({ weight: other });
  const found = (content: PickleValue, key?: string): unknown =>
    findStateDict(content, "x.pth", key === undefined ? {} : { key });
  const weight = (tensor: PthTensor | undefined): unknown => new Map([["weight", tensor]]);
  expect(found(dictionary({ state_dict: ofOther, model: ofOne }))).toEqual(weight(one));
  expect(found(dictionary({ model_state_dict: ofOther, epoch: 3 }))).toEqual(weight(other));
  expect(found(dictionary({ model: "resnet50", state_dict: ofOther }))).toEqual(weight(other));
  expect(found(ofOne)).toEqual(weight(one));
  expect(found(dictionary({ model: ofOne, model_ema: ofOther }), "model_ema")).toEqual(weight(other));
});

test("the error names the first keys, however many and whatever they are", () => {
  let nested: PickleValue = [];
  for (let depth = 0; depth < 100_000; depth++) nested = [nested];
  const content = new Map<PickleValue, PickleValue>([
    ["epoch", 3],
    ["x".repeat(1000), 5],
    [nested, 7],
  ]);
  expect(() => findStateDict(content, "x.pth")).toThrow(
    `at its top are: epoch, ${"x".repeat(80)}, … (3 keys). Name the right one`,
  );
});

test("a view has to lie in its storage", () => {
  const view =
    (...given: readonly PickleValue[]) =>
    (): PthTensor =>
      tensorFrom([storage, ...given], { ...file, budget: new ReadingBudget("x.pth", 100) });
  expect(view(0, [2, 3], [3, 1])().extent).toBe(6);
  expect(view(6, [0, 3], [3, 1])().extent).toBe(0);
  expect(view(5, [], [])().extent).toBe(1);
  for (const outside of [view(1, [2, 3], [3, 1]), view(6, [], []), view(0, [2], [6]), view(7, [0], [1])])
    expect(outside).toThrow("does not fit its storage of 6 elements");
  expect(view(0, [2 ** 40], [0])).toThrow("ask for more than 128 MiB of tensors");
  for (const wrong of [
    view(-1, [2], [1]),
    view(0, [2], [1, 1]),
    view(0, [1.5], [1]),
    view(0, ["2"], [1]),
    view(0, [2], [-1]),
    view(0, [2 ** 30, 2 ** 30], [0, 0]),
  ])
    expect(wrong).toThrow(CheckpointError);
});
