import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, BenchmarkCase, Facts, Iteration } from "./benchmark.ts";
import { OtherLoad } from "./other-load.ts";
import { type Side, startSide } from "./side-process.ts";
import { type Summary, summarise } from "./statistics.ts";

export interface SideResult {
  readonly timesMs: Summary;
  /** Median processor time of an iteration, where it is known. */
  readonly cpuMs: number | undefined;
  readonly peakMb: number;
  /** What it measured itself, known at its end. */
  readonly figures: Facts;
  readonly facts: Facts;
  /** Lines of more about its work. */
  readonly details: readonly string[];
}

export interface CaseResult {
  readonly name: string;
  readonly ours: SideResult;
  readonly peer: SideResult;
  /** Above 1 = ours is faster. */
  readonly ratio: number;
  /** Share of the machine, 0 to 1, that was busy while both sides slept. */
  readonly otherLoad: number;
}

/** What both sides are started with. */
export interface ComparisonSetup {
  readonly python: string;
  readonly node: string;
  readonly threads: number;
  readonly runs: number;
  readonly say: (line: string) => void;
}

// Thread pools spin for a moment after their last work; the other side's turn begins when that is over.
const settleMs = 50;
const listenMs = 50;
// Of facts that are sums or means; counts differ by more than this or not at all.
const tolerance = 1e-9;
const folder = import.meta.dirname;

/**
 * Times one case: both sides are loaded and warmed up, then take turns, so that a machine that speeds up or slows down
 * does so for both.
 */
export async function compareCase(
  benchmark: Benchmark,
  testCase: BenchmarkCase,
  setup: ComparisonSetup,
): Promise<CaseResult> {
  const { warmups, iterationsPerTurn = 1 } = benchmark;
  const shared = {
    env: limitedThreads(setup.threads),
    settings: { ...testCase.settings, warmups, iterationsPerTurn, threads: setup.threads },
  };
  const byNode = (file: string) =>
    [
      setup.node,
      "--conditions=@detrkit/source",
      "--disable-warning=ExperimentalWarning",
      `${folder}/ours/${file}`,
    ] as const;
  const peerProgram = isPython(benchmark)
    ? ([setup.python, `${folder}/../peers/${benchmark.peer}`] as const)
    : byNode(benchmark.peer);
  setup.say(`${benchmark.name} ${testCase.name}: loading and warming up both sides`);
  const ours = await startSide({ ...shared, label: `${benchmark.name} (ours)`, command: byNode(benchmark.ours) });
  try {
    const peer = await startSide({
      ...shared,
      label: `${benchmark.name} (${benchmark.peerName})`,
      command: peerProgram,
    });
    try {
      checkSameWork(ours.facts, peer.facts);
      return await takeTurns(`${benchmark.name} ${testCase.name}`, testCase.name, { ours, peer }, setup);
    } finally {
      peer.kill();
    }
  } finally {
    ours.kill();
  }
}

/** Whether the peer is a Python program. */
export function isPython({ peer }: Benchmark): boolean {
  return peer.endsWith(".py");
}

async function takeTurns(
  title: string,
  name: string,
  { ours, peer }: { readonly ours: Side; readonly peer: Side },
  { runs, say }: ComparisonSetup,
): Promise<CaseResult> {
  const times: { readonly ours: Iteration[]; readonly peer: Iteration[] } = { ours: [], peer: [] };
  const load = new OtherLoad();
  for (let run = 1; run <= runs; run++) {
    times.ours.push(await timed(ours, load));
    times.peer.push(await timed(peer, load));
    say(
      `${title}: run ${run} of ${runs}, ours ${formatMs(times.ours.at(-1)?.ms)}, ` +
        `peer ${formatMs(times.peer.at(-1)?.ms)}`,
    );
  }
  const results = { ours: await finish(ours, times.ours), peer: await finish(peer, times.peer) };
  return { name, ...results, ratio: results.peer.timesMs.median / results.ours.timesMs.median, otherLoad: load.share };
}

async function timed(side: Side, load: OtherLoad): Promise<Iteration> {
  await sleep(settleMs);
  await load.during(() => sleep(listenMs));
  return await side.run();
}

async function finish(side: Side, iterations: readonly Iteration[]): Promise<SideResult> {
  const cpu = iterations.flatMap(({ cpuMs }) => (cpuMs === undefined ? [] : [cpuMs]));
  const { peakMb, figures = {} } = await side.stop();
  return {
    timesMs: summarise(iterations.map(({ ms }) => ms)),
    cpuMs: cpu.length > 0 ? summarise(cpu).median : undefined,
    peakMb,
    figures,
    facts: side.facts,
    details: side.details,
  };
}

/** @throws Error when the two sides state different things about what they do */
export function checkSameWork(ours: Facts, peer: Facts): void {
  const different = Object.keys(ours).filter((name) => name in peer && !same(ours[name], peer[name]));
  if (different.length === 0) return;
  throw new Error(
    "the two sides don't do the same work: " +
      different.map((name) => `${name} is ${ours[name]} in ours and ${peer[name]} in the peer`).join(", "),
  );
}

function same(a: number | string | undefined, b: number | string | undefined): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a));
}

function limitedThreads(threads: number): NodeJS.ProcessEnv {
  const count = String(threads);
  return {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: "1",
  };
}

function formatMs(value: number | undefined): string {
  return value === undefined ? "" : value < 10 ? `${value.toFixed(3)} ms` : `${value.toFixed(1)} ms`;
}
