import { Problem } from "../api/problems.ts";

/** How many may wait, go together, and how long an answer may take. */
export interface QueueLimits {
  /** Images that may wait; more are refused. */
  readonly maxQueue: number;
  readonly maxBatch: number;
  /** Milliseconds from arrival to answer. */
  readonly deadlineMs: number;
}

/** Work that waits for the engine. `alone`: it can't share a batch. */
interface Item<Work, Answer> {
  readonly work: Work;
  readonly alone: boolean;
  readonly arrived: number;
  readonly resolve: (queued: Queued<Answer>) => void;
  readonly reject: (problem: unknown) => void;
  settled: boolean;
}

/** An answer with how long its work had waited, in milliseconds. */
export interface Queued<Answer> {
  readonly answer: Answer;
  readonly queueMs: number;
}

/** One piece of work, for {@link BatchQueue.add}. */
export interface AddOptions {
  readonly alone?: boolean | undefined;
  /** Takes the work out of the queue; where it runs already, its answer is thrown away. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Collects work while the engine is busy and gives it in batches, first come first served. While the engine is free
 * nothing waits, so a batch is as large as the load makes it.
 */
export class BatchQueue<Work, Answer> {
  readonly #limits: QueueLimits;
  readonly #run: (batch: readonly Work[], alone: boolean) => Promise<readonly (Answer | Problem)[]>;
  readonly #waiting: Item<Work, Answer>[] = [];
  #running: Promise<void> | undefined;
  #open = false;

  /** @param run - the outcome of each piece of work, in their order */
  constructor(
    limits: QueueLimits,
    run: (batch: readonly Work[], alone: boolean) => Promise<readonly (Answer | Problem)[]>,
  ) {
    this.#limits = limits;
    this.#run = run;
  }

  /** How many pieces of work wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Lets work through to the engine, or holds it back while there is none. */
  set open(open: boolean) {
    this.#open = open;
    this.#next();
  }

  /** @throws Problem `queue-full` where so many more may not wait */
  expectRoom(count: number): void {
    const { maxQueue } = this.#limits;
    if (this.#waiting.length + count <= maxQueue) return;
    throw new Problem("queue-full", `${this.#waiting.length} images wait (limit ${maxQueue}); send it again later.`, {
      retryAfter: 1,
    });
  }

  /** @throws Problem `queue-full`, `deadline-exceeded`, or what the engine says; the signal's reason */
  async add(work: Work, { alone = false, signal }: AddOptions = {}): Promise<Queued<Answer>> {
    this.expectRoom(1);
    signal?.throwIfAborted();
    const arrived = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let leave: (() => void) | undefined;
    try {
      return await new Promise<Queued<Answer>>((resolve, reject) => {
        const item: Item<Work, Answer> = { work, alone, arrived, resolve, reject, settled: false };
        const giveUp = (reason: unknown): void => {
          item.settled = true;
          const place = this.#waiting.indexOf(item);
          if (place >= 0) this.#waiting.splice(place, 1);
          reject(reason);
        };
        const { deadlineMs } = this.#limits;
        timer = setTimeout(
          () => giveUp(new Problem("deadline-exceeded", `The answer was not ready after ${deadlineMs} ms.`)),
          deadlineMs,
        );
        leave = () => giveUp(signal?.reason);
        signal?.addEventListener("abort", leave);
        this.#waiting.push(item);
        // The other images of the same request come before that.
        queueMicrotask(() => this.#next());
      });
    } finally {
      clearTimeout(timer);
      if (leave !== undefined) signal?.removeEventListener("abort", leave);
    }
  }

  /** When nothing waits and nothing runs. */
  async drained(): Promise<void> {
    while (this.#running !== undefined || this.#waiting.length > 0)
      await (this.#running ?? new Promise((resolve) => setTimeout(resolve, 20)));
  }

  #next(): void {
    if (!this.#open || this.#running !== undefined || this.#waiting.length === 0) return;
    this.#running = this.#runBatch(this.#takeBatch()).finally(() => {
      this.#running = undefined;
      this.#next();
    });
  }

  #takeBatch(): Item<Work, Answer>[] {
    if (this.#waiting[0]?.alone === true) return this.#waiting.splice(0, 1);
    const end = this.#waiting.findIndex(({ alone }) => alone);
    return this.#waiting.splice(0, Math.min(this.#limits.maxBatch, end < 0 ? this.#waiting.length : end));
  }

  async #runBatch(batch: readonly Item<Work, Answer>[]): Promise<void> {
    const begun = performance.now();
    const settle = (item: Item<Work, Answer>, act: () => void): void => {
      if (!item.settled) act();
      item.settled = true;
    };
    try {
      const outcomes = await this.#run(
        batch.map(({ work }) => work),
        batch[0]?.alone === true,
      );
      batch.forEach((item, index) => {
        const outcome = outcomes[index] as Answer | Problem;
        settle(item, () => {
          if (outcome instanceof Problem) item.reject(outcome);
          else item.resolve({ answer: outcome, queueMs: begun - item.arrived });
        });
      });
    } catch (problem) {
      for (const item of batch) settle(item, () => item.reject(problem));
    }
  }
}
