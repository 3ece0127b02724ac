/** Facts that a side states about its work; those that both sides state have to be equal. */
export type Facts = Readonly<Record<string, number | string>>;

/** What one timed iteration took. */
export interface Iteration {
  readonly ms: number;
  /** Processor time of all threads of the process, where the process did all of the work. */
  readonly cpuMs?: number;
}

/** What a side has to say at its end. */
export interface Ending {
  /** The most memory it had, in MiB. */
  readonly peakMb: number;
  /** What it measured beside the times of iterations, as the latencies of a server. */
  readonly figures?: Facts;
}

/** One workload: the same settings go to both sides. */
export interface BenchmarkCase {
  readonly name: string;
  /** JSON; what it holds is between the benchmark and its two programs. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Given a side's median, what else is worth printing ("41.2 images/s"). */
  readonly describe?: (medianMs: number) => string;
}

/** Where a benchmark may put files, whether it should be short, and whom it tells what takes long. */
export interface BenchmarkContext {
  readonly cache: string;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** One comparison with a peer. */
export interface Benchmark {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly peerName: string;
  /** Program of our side, beside this file's `ours` folder. */
  readonly ours: string;
  /** Program of the peer: a `.py` in `peers`, or a `.ts` beside ours. */
  readonly peer: string;
  /** Iterations of each side that are timed; fewer with --quick. */
  readonly runs: number;
  readonly quickRuns: number;
  /** Untimed iterations before those. */
  readonly warmups: number;
  /**
   * Iterations that follow one another in a turn, default 1; their mean is its time. For what is done again and again
   * and is short beside what a pause costs: after one, the first iteration finds cold caches.
   */
  readonly iterationsPerTurn?: number;
  /** How the cases make one figure: the least favourable one, or all of them together. */
  readonly overall: "worst" | "total";
  cases(context: BenchmarkContext): Promise<readonly BenchmarkCase[]>;
}
