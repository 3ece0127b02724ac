import type { Explanation } from "@detrkit/inference";
import { Problem } from "../api/problems.ts";
import { EngineChild } from "../engine/engine-child.ts";
import type {
  EngineSettings,
  FoundObjects,
  FoundSegments,
  ImageToDetect,
  ImageToExplain,
  ImageToSegment,
  Outcome,
} from "../engine/engine.ts";
import { BatchQueue, type Queued, type QueueLimits } from "../queue/batch-queue.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";

/** What a {@link ModelHost} tells of what happens, for figures and for people. */
export interface HostEvents {
  readonly batch: (model: string, size: number) => void;
  readonly stage: (model: string, stage: "queue" | "decode" | "inference" | "explain", milliseconds: number) => void;
  readonly restart: (model: string) => void;
  readonly reload: (model: string, outcome: "done" | "failed") => void;
  readonly say: (line: string) => void;
}

/** How a {@link ModelHost} runs its model. */
export interface HostSettings extends EngineSettings, QueueLimits {
  /** A batch that takes longer than this many milliseconds hangs: its process is ended. */
  readonly hangMs: number;
}

type Work =
  | { readonly image: ImageToDetect }
  | { readonly toExplain: ImageToExplain }
  | { readonly toSegment: ImageToSegment };
type Done = FoundObjects | { readonly explanation: Explanation } | { readonly segmented: FoundSegments };

/** What serves now: a process, and the files that it loaded. */
interface Serving {
  readonly child: EngineChild;
  readonly files: ModelFiles;
}

/** A model of the server: its queue, its process, which is started again when it ends, and its reloads. */
export class ModelHost {
  readonly name: string;
  readonly #path: string;
  readonly #settings: HostSettings;
  readonly #events: HostEvents;
  readonly #queue: BatchQueue<Work, Done>;
  readonly #ended = new AbortController();
  #serving: Serving | undefined;
  #lastRun: Promise<unknown> = Promise.resolve();
  #reloading: Promise<string> | undefined;
  #stopping = false;

  constructor(name: string, path: string, settings: HostSettings, events: HostEvents) {
    this.name = name;
    this.#path = path;
    this.#settings = settings;
    this.#events = events;
    this.#queue = new BatchQueue(settings, (batch) => this.#run(batch));
  }

  /** Loaded, warm, and not being stopped. */
  get ready(): boolean {
    return this.#serving?.child.alive === true && !this.#stopping;
  }

  /** What serves now, or served last. Undefined before the first load. */
  get serving(): Serving | undefined {
    return this.#serving;
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  /** Loads the model for the first time. @throws Problem, or CheckpointError, saying why it can't be */
  async start(): Promise<void> {
    this.#serve(await this.#load());
  }

  /**
   * Finds objects in images, each of which shares a batch with whatever waits beside it.
   *
   * @throws Problem of the first image that has one; the others then leave the queue
   */
  async detect(images: readonly ImageToDetect[], signal: AbortSignal): Promise<Queued<FoundObjects>[]> {
    this.#expectOpen();
    this.#queue.expectRoom(images.length);
    const others = new AbortController();
    const either = AbortSignal.any([signal, others.signal]);
    try {
      const all = await Promise.all(images.map((image) => this.#queue.add({ image }, { signal: either })));
      for (const { answer, queueMs } of all as Queued<FoundObjects>[]) {
        this.#events.stage(this.name, "queue", queueMs);
        this.#events.stage(this.name, "decode", answer.decodeMs);
      }
      return all as Queued<FoundObjects>[];
    } finally {
      others.abort();
    }
  }

  /** @throws Problem where the image or an option is refused */
  async explain(toExplain: ImageToExplain, signal: AbortSignal): Promise<Explanation> {
    this.#expectOpen();
    const { answer, queueMs } = await this.#queue.add({ toExplain }, { alone: true, signal });
    this.#events.stage(this.name, "queue", queueMs);
    return (answer as { readonly explanation: Explanation }).explanation;
  }

  /** @throws Problem where the image is refused, or the model has no masks */
  async segment(toSegment: ImageToSegment, signal: AbortSignal): Promise<FoundSegments> {
    this.#expectOpen();
    const { answer, queueMs } = await this.#queue.add({ toSegment }, { alone: true, signal });
    this.#events.stage(this.name, "queue", queueMs);
    return (answer as { readonly segmented: FoundSegments }).segmented;
  }

  /**
   * Loads the weights again, in another process, while the one that runs goes on. The queue belongs to neither, so no
   * request is dropped.
   *
   * @returns the version that serves now
   * @throws Problem `reload-failed`; the old weights then go on
   */
  async reload(): Promise<string> {
    if (this.#stopping) throw new Problem("stopping", "The server is being stopped.");
    this.#reloading ??= this.#exchange().finally(() => {
      this.#reloading = undefined;
    });
    return await this.#reloading;
  }

  /** Refuses new work, finishes what was accepted for as long as it may take, and ends the process. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    await Promise.race([this.#queue.drained(), timeout]);
    this.#ended.abort();
    await this.#serving?.child.kill();
  }

  async #exchange(): Promise<string> {
    try {
      const next = await this.#load();
      const old = this.#serving?.child;
      this.#serve(next);
      void this.#lastRun.then(() => old?.kill());
      this.#events.reload(this.name, "done");
      this.#events.say(`${this.name}: weights of version ${next.files.version} serve now`);
      return next.files.version;
    } catch (error) {
      this.#events.reload(this.name, "failed");
      const reason = error instanceof Error ? error.message : String(error);
      this.#events.say(`${this.name}: could not be loaded again, the old weights go on: ${reason}`);
      throw new Problem("reload-failed", reason, { cause: error });
    }
  }

  async #load(): Promise<Serving> {
    // Looked at first: weights that change while they are loaded count as changed afterwards.
    const files = await modelFiles(this.#path);
    const { engine, precision, batching, maxPixels } = this.#settings;
    const settings: EngineSettings = { engine, precision, batching, maxPixels };
    return { files, child: await EngineChild.start(this.#path, settings, this.#ended.signal) };
  }

  #serve(serving: Serving): void {
    this.#serving = serving;
    this.#queue.open = true;
    void serving.child.gone.then(() => this.#startAgain(serving));
  }

  async #startAgain(gone: Serving): Promise<void> {
    if (this.#serving !== gone || this.#ended.signal.aborted) return;
    this.#queue.open = false;
    this.#events.restart(this.name);
    this.#events.say(`${this.name}: its process ended; starting it again`);
    for (let waitMs = 250; !this.#ended.signal.aborted; waitMs = Math.min(10_000, waitMs * 2)) {
      try {
        const next = await this.#load();
        // A reload may have been faster.
        if (this.#serving === gone) this.#serve(next);
        else await next.child.kill();
        return;
      } catch (error) {
        this.#events.say(`${this.name}: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  #expectOpen(): void {
    if (this.#stopping) throw new Problem("stopping", "The server is being stopped; ask another one.");
    if (this.#serving === undefined)
      throw new Problem("not-ready", `${this.name} is being loaded; send it again later.`, { retryAfter: 2 });
  }

  async #run(batch: readonly Work[]): Promise<readonly (Done | Problem)[]> {
    const { child } = this.#serving as Serving;
    const hang = setTimeout(() => {
      this.#events.say(`${this.name}: a batch took more than ${this.#settings.hangMs} ms; its process is ended`);
      void child.kill();
    }, this.#settings.hangMs);
    const running = this.#runOn(child, batch);
    this.#lastRun = running.catch(() => {});
    try {
      return await running;
    } catch (error) {
      if (!child.alive) this.#queue.open = false;
      if (error instanceof Problem && error.cause !== undefined)
        this.#events.say(`${this.name}: ${String(error.cause)}`);
      throw error;
    } finally {
      clearTimeout(hang);
    }
  }

  async #runOn(child: EngineChild, batch: readonly Work[]): Promise<readonly (Done | Problem)[]> {
    const [first] = batch;
    const started = performance.now();
    if (first !== undefined && "toExplain" in first) {
      const outcome = await child.explain(first.toExplain);
      this.#events.stage(this.name, "explain", performance.now() - started);
      return ["answer" in outcome ? { explanation: outcome.answer } : problemOf(outcome)];
    }
    if (first !== undefined && "toSegment" in first) {
      const outcome = await child.segment(first.toSegment);
      this.#events.stage(this.name, "inference", performance.now() - started);
      return ["answer" in outcome ? { segmented: outcome.answer } : problemOf(outcome)];
    }
    const outcomes = await child.detect(batch.flatMap((work) => ("image" in work ? [work.image] : [])));
    this.#events.batch(this.name, batch.length);
    this.#events.stage(this.name, "inference", performance.now() - started);
    return outcomes.map((outcome) => ("answer" in outcome ? outcome.answer : problemOf(outcome)));
  }
}

function problemOf<Answer>(outcome: Extract<Outcome<Answer>, { readonly refusal: unknown }>): Problem {
  return new Problem(outcome.refusal.code, outcome.refusal.detail);
}
