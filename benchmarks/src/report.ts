import type { Benchmark, Facts } from "./benchmark.ts";
import type { CaseResult, SideResult } from "./compare.ts";

const disturbing = 0.1;

/** One comparison with all its cases. */
export interface BenchmarkResult {
  readonly benchmark: Benchmark;
  readonly cases: readonly CaseResult[];
}

/** What `--json` prints for one comparison. */
export interface JsonResult {
  readonly bench: string;
  readonly ours: { readonly medianMs: number; readonly peakMb: number };
  readonly peer: { readonly name: string; readonly medianMs: number; readonly peakMb: number };
  /** Above 1 = ours is faster. */
  readonly ratio: number;
  /** Of each case, where its sides measure more than times. */
  readonly cases?: readonly JsonCase[];
}

/** One case with the figures of its sides. */
export interface JsonCase {
  readonly name: string;
  readonly ours: JsonSide;
  readonly peer: JsonSide;
  readonly ratio: number;
}

type JsonSide = Facts & { readonly medianMs: number; readonly peakMb: number };

/**
 * One figure of a comparison: that of its least favourable case, or the sum over its cases where they are one job in
 * pieces.
 */
export function overallResult({ benchmark, cases }: BenchmarkResult): JsonResult {
  const chosen = benchmark.overall === "total" ? cases : cases.toSorted((a, b) => a.ratio - b.ratio).slice(0, 1);
  const side = (pick: (result: CaseResult) => SideResult): { readonly medianMs: number; readonly peakMb: number } => ({
    medianMs: chosen.reduce((sum, result) => sum + pick(result).timesMs.median, 0),
    peakMb: Math.max(...chosen.map((result) => pick(result).peakMb)),
  });
  const [ours, peer] = [side((result) => result.ours), side((result) => result.peer)];
  return {
    bench: benchmark.name,
    ours: { medianMs: rounded(ours.medianMs), peakMb: rounded(ours.peakMb) },
    peer: { name: benchmark.peerName, medianMs: rounded(peer.medianMs), peakMb: rounded(peer.peakMb) },
    ratio: rounded(peer.medianMs / ours.medianMs),
    ...(cases.some(hasFigures) ? { cases: cases.map(jsonCase) } : {}),
  };
}

function hasFigures({ ours, peer }: CaseResult): boolean {
  return [ours, peer].some(({ figures }) => Object.keys(figures).length > 0);
}

function jsonCase({ name, ours, peer, ratio }: CaseResult): JsonCase {
  const side = ({ timesMs, peakMb, figures }: SideResult): JsonSide => ({
    ...Object.fromEntries(
      Object.entries(figures).map(([key, value]) => [key, typeof value === "number" ? rounded(value) : value]),
    ),
    medianMs: rounded(timesMs.median),
    peakMb: rounded(peakMb),
  });
  return { name, ours: side(ours), peer: side(peer), ratio: rounded(ratio) };
}

/** Everything known of one comparison, for people. */
export function detailedReport(
  result: BenchmarkResult,
  describe: (caseName: string, medianMs: number) => string | undefined,
): string {
  const { benchmark, cases } = result;
  const blocks = cases.map((one) => {
    const sides: readonly (readonly [string, SideResult])[] = [
      ["ours", one.ours],
      ["peer", one.peer],
    ];
    const rows = sides.map(([label, { timesMs, cpuMs, peakMb, figures }]) => {
      const more = describe(one.name, timesMs.median);
      const spread = `${milliseconds(timesMs.least)} to ${milliseconds(timesMs.most)}`;
      return [
        `    ${label}  median ${milliseconds(timesMs.median)}  (${spread})  peak ${peakMb.toFixed(0)} MB`,
        ...(cpuMs === undefined ? [] : [`processor time ${milliseconds(cpuMs)}`]),
        ...(more === undefined ? [] : [more]),
        ...Object.entries(figures).map(([name, value]) => `${name} ${factText(value)}`),
      ].join("  ");
    });
    return [
      `  ${one.name}`,
      ...rows,
      `    ratio ${one.ratio.toFixed(2)}`,
      ...factLines(one),
      ...detailLines(one),
      ...warningOf(one),
    ].join("\n");
  });
  const overall =
    cases.length > 1
      ? [
          `  ${benchmark.overall === "total" ? "all together" : "the least favourable"}: ` +
            `ratio ${overallResult(result).ratio.toFixed(2)}`,
        ]
      : [];
  return [`${benchmark.name}: ${benchmark.title}`, `  peer: ${benchmark.peerName}`, ...blocks, ...overall].join("\n");
}

/** What both state (and agree in) once, then what each has to say of itself. */
function factLines({ ours, peer }: CaseResult): readonly string[] {
  const own = (facts: Facts, others: Facts): Facts =>
    Object.fromEntries(Object.entries(facts).filter(([name]) => !(name in others)));
  const shared = Object.fromEntries(Object.entries(ours.facts).filter(([name]) => name in peer.facts));
  const lines: readonly (readonly [string, Facts])[] = [
    ["both", shared],
    ["ours", own(ours.facts, peer.facts)],
    ["peer", own(peer.facts, ours.facts)],
  ];
  return lines
    .filter(([, facts]) => Object.keys(facts).length > 0)
    .map(
      ([label, facts]) =>
        `    ${label}: ${Object.entries(facts)
          .map(([name, value]) => `${name} ${factText(value)}`)
          .join(", ")}`,
    );
}

function detailLines({ ours, peer }: CaseResult): readonly string[] {
  return [...ours.details, ...peer.details].map((line) => `    ${line}`);
}

function factText(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? String(rounded(value)) : String(value);
}

/** Two sides that wait for threads in different ways don't suffer alike from other programs. */
function warningOf({ otherLoad }: CaseResult): readonly string[] {
  if (otherLoad < disturbing) return [];
  return [
    `    other programs used ${(otherLoad * 100).toFixed(0)} % of the machine meanwhile: ` +
      "these figures are not reliable, run it on an idle machine",
  ];
}

/** One line for each comparison. */
export function resultTable(results: readonly JsonResult[]): string {
  const header = ["bench", "ours", "peer", "ours MB", "peer MB", "ratio", "peer is"];
  const rows = results.map(({ bench, ours, peer, ratio }) => [
    bench,
    milliseconds(ours.medianMs),
    milliseconds(peer.medianMs),
    ours.peakMb.toFixed(0),
    peer.peakMb.toFixed(0),
    ratio.toFixed(2),
    peer.name,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function milliseconds(value: number): string {
  if (value < 1) return `${(value * 1000).toFixed(1)} µs`;
  return value < 100 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}

/** Four digits: what is behind them is noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
