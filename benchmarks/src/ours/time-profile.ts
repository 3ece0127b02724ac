import { summarise } from "../statistics.ts";

/** Adds up times by label, each without what was timed within it. */
export class TimeProfile {
  readonly #milliseconds = new Map<string, number>();
  /** Of each measurement that is going on, the time of those within it. */
  readonly #inner: number[] = [];
  readonly #clock: () => number;

  /** @param clock - milliseconds since anything */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** What was measured so far, by label. */
  get milliseconds(): ReadonlyMap<string, number> {
    return this.#milliseconds;
  }

  time<Result>(label: string, work: () => Result): Result {
    this.#inner.push(0);
    const started = this.#clock();
    try {
      return work();
    } finally {
      const whole = this.#clock() - started;
      const own = whole - (this.#inner.pop() ?? 0);
      const outer = this.#inner.length - 1;
      if (outer >= 0) this.#inner[outer] = (this.#inner[outer] ?? 0) + whole;
      this.#milliseconds.set(label, (this.#milliseconds.get(label) ?? 0) + own);
    }
  }
}

/** One run that was profiled. */
export interface ProfiledRun {
  readonly totalMs: number;
  readonly parts: ReadonlyMap<string, number>;
}

interface Row {
  readonly label: string;
  readonly ms: number;
}

/** Shares below this have no row of their own where rows are sorted. */
const leastShare = 1e-3;

/**
 * A table of medians, parts in the order in which they first ran, or the longest first.
 *
 * @param rest - what the time that is in no part goes to
 */
export function profileTable(
  title: string,
  runs: readonly ProfiledRun[],
  rest: string,
  order: "first" | "longest",
): readonly string[] {
  const total = summarise(runs.map(({ totalMs }) => totalMs)).median;
  const labels = [...new Set(runs.flatMap(({ parts }) => [...parts.keys()]))];
  const rows = labels.map((label) => ({ label, ms: summarise(runs.map(({ parts }) => parts.get(label) ?? 0)).median }));
  const restMs = summarise(
    runs.map(({ totalMs, parts }) => totalMs - [...parts.values()].reduce((sum, ms) => sum + ms, 0)),
  ).median;
  const all = [...(order === "longest" ? longestFirst(rows, leastShare * total) : rows), { label: rest, ms: restMs }];
  const width = Math.max(...all.map(({ label }) => label.length));
  return [
    `${title}, median of ${runs.length}, ${total.toFixed(1)} ms in all:`,
    ...all.map(
      ({ label, ms }) =>
        `  ${label.padEnd(width)}  ${ms.toFixed(1).padStart(8)} ms  ${((100 * ms) / total).toFixed(1).padStart(5)} %`,
    ),
  ];
}

/** Rows that are hardly worth one become one together. */
function longestFirst(rows: readonly Row[], leastMs: number): readonly Row[] {
  const sorted = rows.toSorted((a, b) => b.ms - a.ms);
  const small = sorted.filter(({ ms }) => ms < leastMs);
  if (small.length < 2) return sorted;
  const others = { label: `${small.length} others`, ms: small.reduce((sum, { ms }) => sum + ms, 0) };
  return [...sorted.filter(({ ms }) => ms >= leastMs), others];
}
