import { expect, test } from "vitest";
import type { Benchmark } from "./benchmark.ts";
import type { CaseResult, SideResult } from "./compare.ts";
import { detailedReport, overallResult, resultTable } from "./report.ts";

const benchmark: Benchmark = {
  name: "walking",
  title: "to the sea",
  peerName: "a snail",
  ours: "",
  peer: "",
  runs: 3,
  quickRuns: 1,
  warmups: 0,
  overall: "worst",
  cases: async () => [],
};

function side(median: number, peakMb: number, facts: SideResult["facts"] = {}): SideResult {
  const timesMs = { median, least: median / 2, most: median * 2 };
  return { timesMs, cpuMs: undefined, peakMb, figures: {}, facts, details: [] };
}

function caseResult(name: string, ours: SideResult, peer: SideResult, otherLoad = 0): CaseResult {
  return { name, ours, peer, ratio: peer.timesMs.median / ours.timesMs.median, otherLoad };
}

const uphill = caseResult("uphill", side(20, 100), side(30, 50));
const downhill = caseResult("downhill", side(10, 70), side(40, 60));

test("the figures are those of the least favourable case", () => {
  expect(overallResult({ benchmark, cases: [downhill, uphill] })).toEqual({
    bench: "walking",
    ours: { medianMs: 20, peakMb: 100 },
    peer: { name: "a snail", medianMs: 30, peakMb: 50 },
    ratio: 1.5,
  });
});

test("pieces of one job add up, and their memory does not", () => {
  const { ours, peer, ratio } = overallResult({
    benchmark: { ...benchmark, overall: "total" },
    cases: [downhill, uphill],
  });
  expect(ours).toEqual({ medianMs: 30, peakMb: 100 });
  expect(peer).toEqual({ name: "a snail", medianMs: 70, peakMb: 60 });
  expect(ratio).toBe(2.333);
});

test("the report has the spread, what both sides agree in, and a warning when the machine was not quiet", () => {
  const busy = caseResult(
    "uphill",
    side(20, 100, { steps: 7, shoes: "brown" }),
    side(30, 50, { steps: 7, slime: 0.123456 }),
    0.42,
  );
  const text = detailedReport({ benchmark, cases: [busy] }, (_, medianMs) => `${1000 / medianMs} a second`);
  expect(text).toContain("ours  median 20.00 ms  (10.00 ms to 40.00 ms)  peak 100 MB  50 a second");
  expect(text).toContain("both: steps 7\n    ours: shoes brown\n    peer: slime 0.1235");
  expect(text).toContain("other programs used 42 % of the machine");
  expect(detailedReport({ benchmark, cases: [uphill] }, () => undefined)).not.toContain("other programs");
});

test("what a side has to say in more detail follows its facts", () => {
  const told = { ...uphill, ours: { ...uphill.ours, details: ["by leg:", "  left 12 ms"] } };
  expect(detailedReport({ benchmark, cases: [told] }, () => undefined)).toContain("\n    by leg:\n      left 12 ms");
});

test("what the sides measured themselves is in the report, and with --json for each case", () => {
  const timed = { ...uphill, peer: { ...uphill.peer, figures: { p99Ms: 1234.567, requests: 17 } } };
  const result = { benchmark, cases: [timed, downhill] };
  expect(detailedReport(result, () => undefined)).toContain("peak 50 MB  p99Ms 1235  requests 17");
  expect(overallResult(result).cases).toEqual([
    {
      name: "uphill",
      ours: { medianMs: 20, peakMb: 100 },
      peer: { medianMs: 30, peakMb: 50, p99Ms: 1235, requests: 17 },
      ratio: 1.5,
    },
    { name: "downhill", ours: { medianMs: 10, peakMb: 70 }, peer: { medianMs: 40, peakMb: 60 }, ratio: 4 },
  ]);
  expect(overallResult({ benchmark, cases: [uphill] })).not.toHaveProperty("cases");
});

test("the table has a line for each comparison, in columns", () => {
  const [header, row] = resultTable([overallResult({ benchmark, cases: [uphill] })]).split("\n");
  expect(header?.indexOf("ratio")).toBe(row?.indexOf("1.50"));
});
