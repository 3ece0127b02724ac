import { afterEach, beforeEach, expect, vi } from "vitest";

// A library never prints (docs/architecture.md): whatever reaches the console during a test fails it.
const methods = ["log", "info", "warn", "error", "debug"] as const;
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  for (const method of methods) {
    vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
      printed.push(`console.${method}: ${parts.map(String).join(" ")}`);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(printed, "nothing may be printed by a test").toEqual([]);
});
