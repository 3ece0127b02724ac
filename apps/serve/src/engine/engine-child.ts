import { type ChildProcess, fork } from "node:child_process";
import type { Explanation } from "@detrkit/inference";
import { Problem } from "../api/problems.ts";
import type {
  EngineModel,
  EngineSettings,
  FoundObjects,
  FoundSegments,
  ImageToDetect,
  ImageToExplain,
  ImageToSegment,
  Outcome,
} from "./engine.ts";
import type { EngineReply, EngineRequest } from "./engine-messages.ts";

const fromSource = import.meta.url.endsWith(".ts");
const program = new URL(fromSource ? "../engine-process.ts" : "./engine-process.js", import.meta.url);

interface Waiting {
  readonly resolve: (reply: EngineReply) => void;
  readonly reject: (problem: Problem) => void;
}

/** What becomes of work while its process ends. */
const crashed = (): Problem =>
  new Problem("engine-crashed", "The model's process ended while it worked on this request; send it again.", {
    retryAfter: 2,
  });

/** A model in a process of its own, seen from the server. */
export class EngineChild {
  readonly model: EngineModel;
  /** Settles when the process is gone, whatever the reason. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, Waiting>;
  #nextId = 0;

  private constructor(child: ChildProcess, model: EngineModel, gone: Promise<void>, waiting: Map<number, Waiting>) {
    this.#child = child;
    this.model = model;
    this.gone = gone;
    this.#waiting = waiting;
  }

  /**
   * Starts a process and loads a model in it.
   *
   * @throws Problem `not-ready` saying why it could not be loaded
   */
  static async start(path: string, settings: EngineSettings, signal?: AbortSignal): Promise<EngineChild> {
    const child = fork(program, [], {
      serialization: "advanced",
      execArgv: fromSource ? ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"] : [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const waiting = new Map<number, Waiting>();
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    const stop = (): void => void child.kill("SIGKILL");
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const model = await new Promise<EngineModel>((resolve, reject) => {
        child.once("message", (reply: EngineReply) => {
          if (reply.kind === "loaded") resolve(reply.model);
          else reject(new Problem("not-ready", reply.kind === "not-loaded" ? reply.message : `got ${reply.kind}`));
        });
        void gone.then(() => reject(new Problem("not-ready", "the model's process ended while it loaded")));
        send(child, { kind: "load", path, settings });
      });
      child.on("message", (reply: EngineReply) => {
        if (!("id" in reply)) return;
        waiting.get(reply.id)?.resolve(reply);
        waiting.delete(reply.id);
      });
      const loseAll = (): void => {
        for (const { reject } of waiting.values()) reject(crashed());
        waiting.clear();
      };
      void gone.then(loseAll);
      return new EngineChild(child, model, gone, waiting);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @throws Problem where the process ends, or the engine fails as a whole */
  async detect(images: readonly ImageToDetect[]): Promise<readonly Outcome<FoundObjects>[]> {
    const reply = await this.#ask((id) => ({ kind: "detect", id, images }));
    return reply.kind === "detected" ? reply.outcomes : failed(reply);
  }

  /** @throws Problem where the process ends, or the engine fails */
  async explain(image: ImageToExplain): Promise<Outcome<Explanation>> {
    const reply = await this.#ask((id) => ({ kind: "explain", id, image }));
    return reply.kind === "explained" ? reply.outcome : failed(reply);
  }

  /** @throws Problem where the process ends, or the engine fails */
  async segment(image: ImageToSegment): Promise<Outcome<FoundSegments>> {
    const reply = await this.#ask((id) => ({ kind: "segment", id, image }));
    return reply.kind === "segmented" ? reply.outcome : failed(reply);
  }

  /** Ends the process at once; what it works on is answered as after a crash. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.gone;
  }

  #ask(request: (id: number) => EngineRequest): Promise<EngineReply> {
    if (!this.alive) return Promise.reject(crashed());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(this.#child, request(id));
    });
  }
}

function send(child: ChildProcess, request: EngineRequest): void {
  // A channel that is closed means a process that ends, which `gone` tells.
  child.send(request, () => {});
}

function failed(reply: EngineReply): never {
  throw new Problem("internal", "The model failed on this request.", {
    cause: reply.kind === "failed" ? reply.message : reply.kind,
  });
}
