import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromChild, ToChild } from "./case-messages.ts";
import type { CaseFailure, CaseLimits, CaseResult } from "./fuzz-target.ts";
import { residentMebibytes } from "./resident-memory.ts";

const startSeconds = 120;
const watchEveryMs = 20;
/** Of the limit: a child that has kept as much from earlier cases makes room for a fresh one. */
const retiringShare = 0.5;

/** Runs cases of one target in a child process, and starts another when one has died or had to be ended. */
export class CaseRunner {
  readonly #url: string;
  readonly #limits: CaseLimits;
  #child: Child | undefined;

  /** @param url - of the target's module */
  constructor(url: string, limits: CaseLimits) {
    this.#url = url;
    this.#limits = limits;
  }

  /** Starts the child, if there is none: loading a target's libraries takes seconds, which are no case's. */
  async start(): Promise<Child> {
    this.#child ??= await Child.start(this.#url);
    return this.#child;
  }

  async run(input: Uint8Array): Promise<CaseResult> {
    const child = await this.start();
    const result = await child.run(input, this.#limits);
    if (child.ended || child.addedMebibytes > this.#limits.mebibytes * retiringShare) await this.stop();
    return result;
  }

  /** Ends the child; the next case starts another. */
  async stop(): Promise<void> {
    await this.#child?.end();
    this.#child = undefined;
  }
}

class Child {
  /** What a case writes; a child that is killed could not remove it itself. */
  readonly #folder = mkdtempSync(join(tmpdir(), "detrkit-fuzz-"));
  readonly #process: ChildProcess;
  #stderr = "";
  #baseline = 0;
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  #onEvent: () => void = () => {};
  #message: FromChild | undefined;

  private constructor(url: string) {
    this.#process = fork(fileURLToPath(import.meta.resolve("./child.ts")), [url, join(this.#folder, "case")], {
      serialization: "advanced",
      execArgv: ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-20_000);
    });
    this.#process.on("message", (message) => {
      this.#message = message as FromChild;
      this.#onEvent();
    });
    // "close" comes after the last of its output.
    this.#process.on("close", (code, signal) => {
      rmSync(this.#folder, { recursive: true, force: true });
      this.#exit = { code, signal };
      this.#onEvent();
    });
  }

  static async start(url: string): Promise<Child> {
    const child = new Child(url);
    const problem = await child.#wait({ seconds: startSeconds, mebibytes: Infinity });
    if (problem !== undefined) {
      await child.end();
      throw new Error(`the child process of ${url} could not be started (${problem.kind}): ${problem.message}`);
    }
    child.#baseline = residentMebibytes(child.#process.pid) ?? 0;
    return child;
  }

  get ended(): boolean {
    return this.#exit !== undefined;
  }

  get addedMebibytes(): number {
    return (residentMebibytes(this.#process.pid) ?? 0) - this.#baseline;
  }

  async run(input: Uint8Array, limits: CaseLimits): Promise<CaseResult> {
    this.#message = undefined;
    this.#stderr = "";
    this.#process.send({ input } satisfies ToChild);
    const failure = await this.#wait(limits);
    if (failure !== undefined) {
      await this.end();
      return { outcome: "failed", failure };
    }
    const answer = this.#message as FromChild | undefined;
    if (answer?.kind !== "result")
      throw new Error("the child process answered a case with something else than its result");
    return answer.result;
  }

  async end(): Promise<void> {
    if (this.#exit !== undefined) return;
    const closed = new Promise<void>((resolve) => this.#process.once("close", () => resolve()));
    this.#process.kill("SIGKILL");
    await closed;
  }

  /** Until the next message; what is wrong if none comes. */
  async #wait({ seconds, mebibytes }: CaseLimits): Promise<CaseFailure | undefined> {
    const started = performance.now();
    for (;;) {
      if (this.#message !== undefined) return undefined;
      if (this.#exit !== undefined) return this.#deathOf(this.#exit);
      if (performance.now() - started > seconds * 1000)
        return { kind: "hang", message: `takes longer than ${seconds} s` };
      if (this.#baseline > 0 && this.addedMebibytes > mebibytes)
        return { kind: "memory", message: `needs more than ${mebibytes} MiB` };
      await this.#eventOrTimeout();
    }
  }

  async #eventOrTimeout(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, watchEveryMs);
      this.#onEvent = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onEvent = () => {};
  }

  #deathOf({ code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): CaseFailure {
    const how = signal === null ? `ended with exit code ${code}` : `died of ${signal}`;
    // V8 aborts where its own heap ends: that too is memory, below our limit or between two looks.
    return {
      kind: /heap out of memory|allocation failed/iu.test(this.#stderr) ? "memory" : "crash",
      message: `the process ${how}\n${this.#stderr.trim()}`,
    };
  }
}
