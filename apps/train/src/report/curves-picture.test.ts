import { expect, test } from "vitest";
import { curvesPicture, usualTitle } from "./curves-picture.ts";
import { exampleRun } from "../../test/support/example-run.ts";

const runs = [
  exampleRun("<new>", 1, [0.25, 0.5]),
  exampleRun("<new>", 2, [0.375, 0.5]),
  exampleRun("old", 3, [0.125, 0.25]),
];

test("each group is one line with its name and last value at the end; seeds are in the note", () => {
  const picture = curvesPicture(runs, ["AP", "AP50"], "Two kinds");
  const lines = [...picture.matchAll(/<polyline points="([^"]*)"/gu)].map(([, points = ""]) => points.split(" "));
  expect(lines.map((points) => points.length)).toEqual([2, 2, 2, 2]);
  for (const text of [
    "Two kinds",
    "&lt;new&gt; 0.500",
    "old 0.250",
    "&lt;new&gt; 1.000",
    "old 0.500",
    "mean and range of seeds 1, 2",
    "seed 3",
    "2 epochs, 14 steps; 5.0 images/s, peak memory 2.0 GiB",
    ">epoch<",
  ]) {
    expect(picture).toContain(text);
  }
  expect(picture).not.toContain("<new>");
});

test("values lie where the axes say", () => {
  const picture = curvesPicture(runs.slice(2), ["AP"], "One");
  // The axis goes from 0 to 0.25 in five steps and from epoch 0 to 2: the first point lies in the middle both ways.
  const tick = (text: string): number[] =>
    (new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)" [^>]*>${text}</text>`, "u").exec(picture) ?? [])
      .slice(1)
      .map(Number);
  const [first, last] = (/<polyline points="([^"]*)"/u.exec(picture)?.[1] ?? "")
    .split(" ")
    .map((point) => point.split(",").map(Number));
  const bottom = (tick("0")[1] ?? NaN) - 4;
  const top = (tick("0.25")[1] ?? NaN) - 4;
  expect(last?.[1]).toBeCloseTo(top, 0);
  expect(first?.[1]).toBeCloseTo((top + bottom) / 2, 0);
  expect(first?.[0]).toBeCloseTo(tick("1")[0] ?? NaN, 0);
  expect(last?.[0]).toBeCloseTo(tick("2")[0] ?? NaN, 0);
});

test("a band shows the range of the seeds, and only theirs", () => {
  expect(curvesPicture(runs, ["AP"], "x").match(/<polygon/gu)).toHaveLength(1);
});

test("the picture needs nothing but itself", () => {
  expect(curvesPicture(runs, ["AP"], "x")).not.toMatch(/href|url\(|@import|<script/u);
});

test("the usual title names the data by the end of its path", () => {
  expect(usualTitle(runs)).toBe("Training on bccd");
  expect(usualTitle([exampleRun("a", 1, [0.5], { data: "module:./a/read.ts,path=../data/pcb/" })])).toBe(
    "Training on pcb",
  );
  expect(usualTitle([exampleRun("a", 1, [0.5], { data: "shapes:count=16" })])).toBe("Training on shapes:count=16");
});
