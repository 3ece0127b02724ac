import { join } from "node:path";
import { expect, test } from "vitest";
import { picturePaths } from "./picture-paths.ts";

test("a picture lies beside its image, or in the folder asked for", () => {
  expect(picturePaths([join("photos", "a.jpg")], undefined)).toEqual([join("photos", "a.detrkit.png")]);
  expect(picturePaths([join("photos", "a.jpg")], "found")).toEqual([join("found", "a.detrkit.png")]);
});

test("no picture overwrites another one", () => {
  const files = ["a.jpg", "a.png", join("x", "a.jpg"), join("y", "a.jpg")];
  expect(new Set(picturePaths(files, "found")).size).toBe(4);
  expect(picturePaths(files, "found").slice(0, 2)).toEqual([
    join("found", "a.detrkit.png"),
    join("found", "a.png.detrkit.png"),
  ]);
});
