import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { findChromium } from "./chromium.ts";

const folder = temporaryFolder();

test("Chromium is a program on PATH, or the one that is named; where there is none nothing is found", () => {
  expect(findChromium({ PATH: folder })).toBeUndefined();
  const program = join(folder, "chromium-browser");
  writeFileSync(program, "");
  expect(findChromium({ PATH: folder })).toBeUndefined();
  chmodSync(program, 0o755);
  expect(findChromium({ PATH: ["relative", folder].join(delimiter) })).toBe(program);
  expect(findChromium({ DETRKIT_CHROMIUM: program })).toBe(program);
  expect(findChromium({ DETRKIT_CHROMIUM: join(folder, "none") })).toBeUndefined();
});
