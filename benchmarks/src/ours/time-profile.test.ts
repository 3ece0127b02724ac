import { expect, test } from "vitest";
import { profileTable, TimeProfile } from "./time-profile.ts";

test("what is timed within something is not counted twice", () => {
  let now = 100;
  const work = (milliseconds: number): void => {
    now += milliseconds;
  };
  const profile = new TimeProfile(() => now);
  const value = profile.time("outer", () => {
    work(5);
    profile.time("inner", () => work(20));
    work(2);
    return 7;
  });
  profile.time("inner", () => work(10));
  expect(value).toBe(7);
  expect([...profile.milliseconds]).toEqual([
    ["inner", 30],
    ["outer", 7],
  ]);
});

test("what fails is timed all the same", () => {
  let now = 0;
  const profile = new TimeProfile(() => now);
  expect(() =>
    profile.time("falling", () => {
      now = 3;
      throw new Error("down");
    }),
  ).toThrow("down");
  expect(profile.milliseconds.get("falling")).toBe(3);
});

const runs = [
  {
    totalMs: 50,
    parts: new Map([
      ["stem", 10],
      ["head", 20],
    ]),
  },
  {
    totalMs: 70,
    parts: new Map([
      ["stem", 30],
      ["head", 35],
    ]),
  },
  {
    totalMs: 60,
    parts: new Map([
      ["stem", 20],
      ["head", 30],
    ]),
  },
];

test("the table has medians, shares and what is left", () => {
  expect(profileTable("by leg", runs, "elsewhere", "first")).toEqual([
    "by leg, median of 3, 60.0 ms in all:",
    "  stem           20.0 ms   33.3 %",
    "  head           30.0 ms   50.0 %",
    "  elsewhere      10.0 ms   16.7 %",
  ]);
});

test("the longest can come first", () => {
  expect(profileTable("by leg", runs, "elsewhere", "longest")[1]).toContain("head");
});

test("what hardly counts shares a row", () => {
  const parts = new Map([
    ["left", 0.01],
    ["stem", 90],
    ["right", 0.02],
  ]);
  const labels = profileTable("by leg", [{ totalMs: 100, parts }], "elsewhere", "longest")
    .slice(1)
    .map((line) => line.slice(2, 12).trim());
  expect(labels).toEqual(["stem", "2 others", "elsewhere"]);
});
