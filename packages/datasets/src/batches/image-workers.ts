import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker, workerData } from "node:worker_threads";
import { ConfigError, DataError } from "@detrkit/common";
import { type ImageTask, runImageTask } from "./image-task.ts";
import { packTask, type TaskOnItsWay, unpackError, type WorkerReply, type WorkerRequest } from "./worker-messages.ts";

/** A task that was handed over. */
export interface RunningTask {
  readonly done: Promise<void>;
  /** Drops the task unless it has begun; `done` then never settles. */
  readonly cancel: () => void;
}

interface Waiting {
  readonly name: string;
  readonly cost: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Crew {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  /** Pixels that are handed over and not yet done. */
  load: number;
  /** Why the thread is no more. */
  stopped?: string;
}

// Undefined where a bundler made CommonJS of this.
const here = import.meta.url as string | undefined;
const fromSource = here?.endsWith(".ts") === true;
const batchWorker =
  here === undefined ? undefined : new URL(fromSource ? "../batch-worker.ts" : "./batch-worker.js", here);

/** What a worker finds as its `workerData`. */
const markOfWorkers = "detrkit reads images";

/** Threads that read images. One set can serve all epochs of a run; close it at the end. */
export class ImageWorkers {
  readonly count: number;
  readonly #crews: Crew[] = [];
  #nextId = 0;
  #closed = false;

  /**
   * @param count - threads; 0 does the work in the calling thread. Default: one less than the processors, at most 8.
   * @param script - the program that the threads run, which answers a {@link WorkerRequest} with a {@link WorkerReply}
   */
  constructor(
    count: number = Math.min(8, Math.max(1, availableParallelism() - 1)),
    script: URL | undefined = batchWorker,
  ) {
    if (!Number.isInteger(count) || count < 0)
      throw new ConfigError(`ImageWorkers: count expected a whole number from 0, got ${count}`);
    if (workerData === markOfWorkers) {
      throw new ConfigError(
        "ImageWorkers: a thread that reads images imported a module for its transform or pixel source, " +
          "and that module reads images itself; move the transform or source into a module that does nothing else",
      );
    }
    this.count = count;
    if (count === 0) return;
    const program = expectProgram(script);
    for (let index = 0; index < count; index++) this.#crews.push(this.#start(program));
  }

  /** Hands a task to the thread that has least to do; the result can be awaited, and the task called off. */
  run(task: ImageTask): RunningTask {
    if (this.#closed) throw new ConfigError("ImageWorkers.run: the workers were closed");
    const onItsWay = this.count === 0 ? undefined : attempt(() => packTask(task));
    if (onItsWay === undefined) return { done: runImageTask(task), cancel: () => undefined };
    // While it trains, the main thread hears nothing. So tasks are handed over when their batch is planned, each to the
    // thread that has the least to do.
    const crew = leastLoaded(this.#crews);
    const id = this.#nextId++;
    const sizes = [task.padded, ...[task, ...task.others].map(({ annotated }) => annotated)];
    const cost = sizes.reduce((pixels, { width, height }) => pixels + width * height, 0);
    const done = new Promise<void>((resolve, reject) => {
      crew.waiting.set(id, { name: task.name, cost, resolve, reject });
    });
    crew.load += cost;
    // The program stays alive while something is awaited of a worker, and only then.
    crew.worker.ref();
    if (onItsWay instanceof Promise) {
      onItsWay.then(
        (loaded) => start(crew, id, loaded),
        (error: Error) => forget(crew, id)?.reject(error),
      );
    } else {
      start(crew, id, onItsWay);
    }
    const cancel = (): void => {
      if (!forget(crew, id)) return;
      send(crew, { kind: "cancel", ids: [id] });
    };
    return { done, cancel };
  }

  /** Stops the threads; what they had not finished is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#crews.map(({ worker }) => worker.terminate()));
  }

  #start(script: URL): Crew {
    // Run from source, the worker has to find the other packages' sources too.
    const worker = new Worker(script, {
      execArgv: fromSource ? ["--conditions=@detrkit/source"] : [],
      workerData: markOfWorkers,
    });
    worker.unref();
    const crew: Crew = { worker, waiting: new Map(), load: 0 };
    worker.on("message", (reply: WorkerReply) => settle(crew, reply));
    worker.on("error", (error) => this.#fail(crew, error));
    worker.on("exit", (code) => this.#fail(crew, new Error(`exit code ${code}`)));
    return crew;
  }

  #fail(crew: Crew, error: unknown): void {
    if (this.#closed || crew.stopped !== undefined) return;
    crew.stopped = error instanceof Error ? error.message : String(error);
    const names = [...crew.waiting.values()].map(({ name }) => name);
    for (const { reject } of crew.waiting.values()) {
      reject(
        new DataError(`a worker stopped (${crew.stopped}) while it had to read ${names.join(", ")}`, { cause: error }),
      );
    }
    crew.waiting.clear();
  }
}

/** A bundler moves this file, and leaves behind what it does not see imported. */
function expectProgram(script: URL | undefined): URL {
  if (script !== undefined && (script.protocol !== "file:" || existsSync(script))) return script;
  const place = script !== undefined ? `, ${fileURLToPath(script)},` : "";
  throw new ConfigError(
    `ImageWorkers: the program of the threads that read images${place} is not there: this was bundled without it. ` +
      "Leave @detrkit/datasets out of the bundle (esbuild: --external:@detrkit/datasets, Vite: ssr.external), " +
      "or read in the calling thread: workers: 0",
  );
}

/** What is thrown, as a promise that fails. */
function attempt<Result>(action: () => Result): Result | Promise<never> {
  try {
    return action();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** Sends a task that is still waited for. */
function start(crew: Crew, id: number, { packed, handedOver }: TaskOnItsWay): void {
  if (!crew.waiting.has(id)) return;
  try {
    send(crew, { kind: "run", id, task: packed }, handedOver);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const kinds = packed.operations.flatMap(({ kind, module }) => (module === undefined ? [] : [kind]));
    const error = new ConfigError(
      `${packed.name}: cannot be sent to the thread that reads it (${reason}); the data of a pixel source, and what ` +
        `the plan of a transform gives${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}, have to be plain data`,
      { cause },
    );
    forget(crew, id)?.reject(error);
  }
}

function send({ worker }: Crew, request: WorkerRequest, handedOver: readonly ArrayBuffer[] = []): void {
  worker.postMessage(request, handedOver);
}

function leastLoaded(crews: readonly Crew[]): Crew {
  const alive = crews.filter(({ stopped }) => stopped === undefined);
  const [first, ...others] = alive;
  if (first === undefined)
    throw new DataError(`all workers that read images stopped: ${crews.map(({ stopped }) => stopped).join("; ")}`);
  return others.reduce((best, other) => (other.load < best.load ? other : best), first);
}

/** Takes a task off the list of a thread. */
function forget(crew: Crew, id: number): Waiting | undefined {
  const waiting = crew.waiting.get(id);
  if (waiting === undefined) return undefined;
  crew.waiting.delete(id);
  crew.load -= waiting.cost;
  if (crew.waiting.size === 0) crew.worker.unref();
  return waiting;
}

function settle(crew: Crew, { id, error }: WorkerReply): void {
  // Nobody waits for a task that was cancelled while it ran.
  const waiting = forget(crew, id);
  if (error === undefined) waiting?.resolve();
  else waiting?.reject(unpackError(error));
}
