import { expect, test } from "vitest";
import { planResNet } from "./resnet-plan.ts";

test("the stages of ResNet-50 have the paper's blocks, channels and strides", () => {
  const { stages, stemChannels } = planResNet({ depth: 50 });
  expect(stemChannels).toBe(64);
  expect(stages.map(({ level }) => level)).toEqual([
    { name: "stage1", channels: 256, stride: 4 },
    { name: "stage2", channels: 512, stride: 8 },
    { name: "stage3", channels: 1024, stride: 16 },
    { name: "stage4", channels: 2048, stride: 32 },
  ]);
  expect(stages.map(({ blocks }) => blocks.length)).toEqual([3, 4, 6, 3]);
  expect(stages[1]?.blocks.slice(0, 2)).toEqual([
    { kind: "bottleneck", inputChannels: 256, channels: 128, stride: 2, dilation: 1 },
    { kind: "bottleneck", inputChannels: 512, channels: 128, stride: 1, dilation: 1 },
  ]);
});

test("a dilated last stage keeps its size, and its first block is not dilated", () => {
  const last = planResNet({ depth: 101, dilateLastStage: true }).stages[3];
  expect(last?.level).toEqual({ name: "stage4", channels: 2048, stride: 16 });
  expect(last?.blocks.map(({ stride, dilation }) => [stride, dilation])).toEqual([
    [1, 1],
    [1, 2],
    [1, 2],
  ]);
});

test("width doubles from stage to stage, or is given for each", () => {
  expect(planResNet({ depth: 18, width: 12 }).stages.map(({ level }) => level.channels)).toEqual([12, 24, 48, 96]);
  const custom = planResNet({ depth: 18, width: [8, 12, 20, 28], blocks: [1, 2, 1, 3] });
  expect(custom.stages.map(({ level }) => level.channels)).toEqual([8, 12, 20, 28]);
  expect(custom.stages.map(({ blocks }) => blocks.length)).toEqual([1, 2, 1, 3]);
  expect(custom.stemChannels).toBe(8);
});

test("stages above the highest returned one are not planned", () => {
  expect(planResNet({ depth: 34, returnStages: [1, 3] }).stages).toHaveLength(3);
});

test("errors say what a setting can be", () => {
  expect(() => planResNet({ depth: 19 as 18 })).toThrow("there is no depth 19; take one of 18, 34, 50, 101");
  expect(() => planResNet({ depth: 34, dilateLastStage: true })).toThrow(
    "dilateLastStage needs bottleneck blocks (depth 50 or 101), got depth 34",
  );
  expect(() => planResNet({ depth: 50, returnStages: [3, 2] })).toThrow(
    "returnStages expected ascending stages from 1 to 4, got [3, 2]",
  );
  expect(() => planResNet({ depth: 50, returnStages: [] })).toThrow("returnStages expected ascending stages");
  expect(() => planResNet({ depth: 50, returnStages: [5] })).toThrow("got [5]");
  expect(() => planResNet({ depth: 50, blocks: [1, 2] })).toThrow(
    "blocks expected 4 positive integers, one for each stage, got [1, 2]",
  );
});
