import { expect, test } from "vitest";
import { classColour } from "./class-colours.ts";

test("every class has a colour of its own", () => {
  const colours = Array.from({ length: 91 }, (_, labelId) => classColour(labelId));
  expect(new Set(colours).size).toBe(91);
});

test("a colour stays that of its class; it is what pages and canvases take", () => {
  expect(classColour(0)).toBe("#2f7ed8");
  expect(classColour(12)).toBe("hsl(210.1 75% 38%)");
});
