import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CaseRunner } from "./case-runner.ts";
import { targetOfInput } from "./findings.ts";
import { type FuzzCounts, fuzzTarget } from "./fuzz-run.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { target as toyShapes } from "./test-support/toy-shapes.ts";
import { target as toy } from "./test-support/toy-target.ts";

vi.setConfig({ testTimeout: 120_000 }); // hundreds of cases, and a process for each finding
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-fuzz-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly counts: FuzzCounts;
  readonly printed: string;
  readonly input: string;
}

async function fuzz(
  target: FuzzTarget,
  url: string,
  seed: number,
  cases: { readonly first: number; readonly count: number },
): Promise<Run> {
  let printed = "";
  const print = (text: string): void => void (printed += `${text}\n`);
  const counts = await fuzzTarget({ target, url, seed, cases, seconds: 60, shrinkSeconds: 60, folder, print });
  return { counts, printed, input: /--replay (\S+)/u.exec(printed)?.[1] ?? "" };
}

const originalOf = (input: string): string => input.replace("input.bin", "original.bin");
const toyUrl = import.meta.resolve("./test-support/toy-target.ts");
const toyShapesUrl = import.meta.resolve("./test-support/toy-shapes.ts");

test("a planted bug is found, shrunk, written to a file, and replayed from it or from seed and index", async () => {
  const { counts, printed, input } = await fuzz(toy, toyUrl, 7, { first: 0, count: 150 });
  expect(counts).toMatchObject({ target: "toy", cases: 150, findings: 1 });
  expect(counts.accepted).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
  expect(printed).toContain("TypeError: cannot read byte 3");
  expect(printed).not.toContain("did not fail again alone");
  const original = await readFile(originalOf(input));
  const bytes = await readFile(input);
  expect(bytes.toString("latin1")).toBe("TOY\u0080");
  expect(await targetOfInput(input)).toBe("toy");
  const runner = new CaseRunner(toyUrl, toy.limits);
  expect(await runner.run(bytes)).toMatchObject({ outcome: "failed", failure: { kind: "exception" } });
  await runner.stop();
  const [, index] = /--seed 7 --case (\d+)/u.exec(printed) ?? [];
  const alone = await fuzz(toy, toyUrl, 7, { first: Number(index), count: 1 });
  expect(alone.counts).toMatchObject({ cases: 1, findings: 1 });
  expect(await readFile(originalOf(alone.input))).toEqual(original);
});

test("a structured case is shrunk as what it describes, and kept as JSON", async () => {
  const { counts, input } = await fuzz(toyShapes, toyShapesUrl, 3, { first: 0, count: 20 });
  expect(counts).toMatchObject({ cases: 20, findings: 1 });
  expect(JSON.parse(await readFile(input, "utf8"))).toEqual({ rows: 13, columns: 1, seed: 0 });
});
