import { childrenOf, residentMb } from "../support/served-program.ts";

/** What a server's processes hold of the machine's memory, in MiB. */
export interface MemorySample {
  readonly seconds: number;
  readonly server: number;
  /** Of all models' processes together. */
  readonly models: number;
}

/** Looks at a server's memory every so often, until it is disposed of. */
export class ResidentMemory implements Disposable {
  readonly samples: MemorySample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, everySeconds: number) {
    const started = performance.now();
    this.#timer = setInterval(() => {
      const server = residentMb(pid);
      if (server === undefined) return;
      const models = childrenOf(pid).reduce((sum, child) => sum + (residentMb(child) ?? 0), 0);
      this.samples.push({ seconds: (performance.now() - started) / 1000, server, models });
    }, everySeconds * 1000);
  }

  /** The medians of the first and of the last `seconds`. */
  ends(seconds: number): readonly [first: Pair, last: Pair] | undefined {
    const end = this.samples.at(-1)?.seconds;
    if (end === undefined) return undefined;
    const of = (chosen: readonly MemorySample[]): Pair => ({
      server: median(chosen.map(({ server }) => server)),
      models: median(chosen.map(({ models }) => models)),
    });
    return [
      of(this.samples.filter((sample) => sample.seconds <= seconds)),
      of(this.samples.filter((sample) => sample.seconds >= end - seconds)),
    ];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

type Pair = Pick<MemorySample, "server" | "models">;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
