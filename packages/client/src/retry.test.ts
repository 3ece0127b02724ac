import { expect, test } from "vitest";
import { backoffMs, pause, retryAfterMs } from "./retry.ts";

const now = Date.parse("2024-02-03T04:05:06Z");

test.each([
  ["7", 7000],
  [" 0 ", 0],
  ["Sat, 03 Feb 2024 04:05:16 GMT", 10_000],
  ["Sat, 03 Feb 2024 04:05:00 GMT", 0],
  ["soon", undefined],
  ["", undefined],
])("Retry-After: %s asks for %s ms", (text, expected) => {
  expect(retryAfterMs(new Headers({ "retry-after": text }), now)).toBe(expected);
});

test("a server that does not say is asked after twice as long each time, and not by all at once", () => {
  expect([0, 1, 2].map((attempt) => backoffMs(attempt, () => 0))).toEqual([250, 500, 1000]);
  expect(backoffMs(1, () => 1)).toBe(1000);
});

test("a signal that was aborted before ends the pause at once", async () => {
  await expect(pause(60_000, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
});
