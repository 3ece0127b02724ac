import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "@detrkit/common";
import { damagedRequests } from "../support/damaged-requests.ts";
import { picture, post, until } from "../support/running-server.ts";
import { childrenOf, listening, startProgram, type StartedProgram } from "../support/served-program.ts";
import { ask, closedLoop, counted, openLoop, type Outcome } from "./open-loop.ts";
import { ResidentMemory } from "./resident-memory.ts";

/** How a server is loaded. */
export interface LoadSettings {
  readonly checkpoint: string;
  /** How long it gets more than it can do. */
  readonly seconds: number;
  /** How long its capacity is measured, and how long each incident's load lasts. */
  readonly shortSeconds: number;
  /** Load, as a multiple of its capacity. */
  readonly factor: number;
  readonly damaged: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** In which a request has to be there as a whole. */
const requestSeconds = 3;
/** Under a load that it can do, for what must cost no request its answer. */
const easy = 0.5;
/** Of the first minute's memory that the last one may have more. */
const mostGrowth = 0.1;

/** A server under load, one trouble after the other; `faults` is what should not have been. */
export class LoadRun {
  readonly faults: string[] = [];
  readonly #settings: LoadSettings;
  readonly #program: StartedProgram;
  readonly #address: string;
  readonly #image: Uint8Array<ArrayBuffer>;

  private constructor(
    settings: LoadSettings,
    program: StartedProgram,
    address: string,
    image: Uint8Array<ArrayBuffer>,
  ) {
    this.#settings = settings;
    this.#program = program;
    this.#address = address;
    this.#image = image;
  }

  /** @returns what should not have been */
  static async run(settings: LoadSettings): Promise<readonly string[]> {
    const model = `model=${settings.checkpoint}`;
    const limits = ["--request-timeout", `${requestSeconds}`, "--max-body", "2000000"];
    const program = startProgram(["--model", model, "--port", "0", "--no-watch", ...limits], process.cwd());
    try {
      const run = new LoadRun(settings, program, await listening(program), await picture(320, 240));
      await run.#all();
      return run.faults;
    } finally {
      program.child.kill("SIGKILL");
    }
  }

  async #all(): Promise<void> {
    const capacity = await this.#capacity();
    await this.#overload(capacity * this.#settings.factor);
    await this.#damaged();
    await this.#reload(capacity * easy);
    await this.#crash(capacity * easy);
    await this.#stop(capacity * this.#settings.factor);
  }

  readonly #ask = (): Promise<Outcome> => ask(this.#address, this.#image);

  /** Load until `during` is over. */
  async #load(perSecond: number, during: () => Promise<unknown>): Promise<Outcome[]> {
    const enough = new AbortController();
    const outcomes = openLoop(this.#ask, { perSecond, signal: enough.signal });
    try {
      await during();
    } finally {
      enough.abort();
    }
    return await outcomes;
  }

  #expect(isSo: boolean, fault: string): void {
    if (isSo) return;
    this.faults.push(fault);
    this.#settings.say(`  FAULT: ${fault}`);
  }

  async #capacity(): Promise<number> {
    const { say, shortSeconds: seconds } = this.#settings;
    await closedLoop(this.#ask, { clients: 16, seconds: seconds / 4 });
    const outcomes = await closedLoop(this.#ask, { clients: 16, seconds });
    const capacity = outcomes.filter(({ status }) => status === 200).length / seconds;
    say(`capacity: ${capacity.toFixed(1)} requests/s of 16 clients in ${seconds} s (${counted(outcomes)})`);
    this.#expect(
      outcomes.every(({ status }) => status === 200),
      "16 clients did not all get answers",
    );
    return capacity;
  }

  async #overload(perSecond: number): Promise<void> {
    const { say, seconds, factor } = this.#settings;
    say(`${factor} times its capacity, ${perSecond.toFixed(1)} requests/s, for ${seconds} s`);
    using memory = new ResidentMemory(this.#program.child.pid ?? 0, Math.min(10, seconds / 10));
    const slow = this.#slowClient();
    const outcomes = await this.#load(perSecond, () => delay(seconds * 1000));
    const answered = outcomes.filter(({ status }) => status === 200).map(({ ms }) => ms);
    const refused = outcomes.filter(({ status }) => status === 429);
    answered.sort((one, other) => one - other);
    const at = (share: number): string => (answered[Math.floor(share * (answered.length - 1))] ?? 0).toFixed(0);
    say(`  of ${outcomes.length}: ${counted(outcomes)}; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
    this.#expect(answered.length + refused.length === outcomes.length, "requests neither answered nor refused by 429");
    this.#expect(refused.length > 0, "nothing was refused, so the server was not overloaded");
    this.#expect(
      refused.every(({ retryAfter }) => (retryAfter ?? 0) > 0),
      "429 without Retry-After",
    );
    const cutAfter = await slow;
    say(`  a client that sent a byte a second was cut off after ${cutAfter.toFixed(1)} s`);
    this.#expect(cutAfter < requestSeconds + 2.5, "the slow client was not cut off");
    this.#judgeMemory(memory);
  }

  #judgeMemory(memory: ResidentMemory): void {
    const { say, seconds } = this.#settings;
    const ends = memory.ends(Math.min(60, seconds / 3));
    if (ends === undefined) return;
    for (const { seconds: at, server, models } of memory.samples)
      say(`  ${at.toFixed(0).padStart(5)} s  server ${server.toFixed(0)} MiB  model ${models.toFixed(0)} MiB`);
    const [first, last] = ends;
    for (const part of ["server", "models"] as const) {
      say(`  ${part}: median of the first ${first[part].toFixed(0)} MiB, of the last ${last[part].toFixed(0)} MiB`);
      // In less than two minutes the first one is that of a process that still grows to its size.
      if (seconds >= 120) this.#expect(last[part] <= first[part] * (1 + mostGrowth), `the memory of ${part} grew`);
    }
  }

  /** Sends a byte a second. @returns seconds until it was cut off */
  async #slowClient(): Promise<number> {
    const { port, hostname } = new URL(this.#address);
    const started = performance.now();
    const socket = connect(Number(port), hostname);
    const head = "POST /v1/detect HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\n";
    socket.on("error", () => {}).on("data", () => {});
    socket.write(head);
    const timer = setInterval(() => socket.write("x"), 1000);
    const limit = setTimeout(() => socket.destroy(), 60_000);
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(timer);
    clearTimeout(limit);
    return (performance.now() - started) / 1000;
  }

  async #damaged(): Promise<void> {
    const { say, damaged: count, seed } = this.#settings;
    const statuses = new Map<number, number>();
    const requests = damagedRequests(count, { image: await picture(), model: "model", random: new Random(seed) });
    for (const { kind, path, type, body } of requests) {
      const { status } = await fetch(this.#address + path, post(body, type)).catch((error: unknown) => {
        this.#expect(false, `${kind} at ${path} got no answer: ${String((error as Error).cause)}`);
        return { status: 0 };
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      this.#expect(status < 500, `${kind} at ${path} got ${status}`);
    }
    const all = [...statuses].toSorted().map(([status, times]) => `${times} × ${status}`);
    say(`${count} damaged bodies, seed ${seed}: ${all.join(", ")}`);
    this.#expect((await this.#ask()).status === 200, "no answer after damaged bodies");
  }

  async #reload(perSecond: number): Promise<void> {
    const { say, shortSeconds } = this.#settings;
    const before = this.#program.said().length;
    const outcomes = await this.#load(perSecond, async () => {
      await delay((shortSeconds * 1000) / 4);
      this.#program.child.kill("SIGHUP");
      await until(() => this.#program.said().slice(before).includes("serve now"), 60_000);
      await delay((shortSeconds * 1000) / 4);
    });
    say(`reload at ${perSecond.toFixed(1)} requests/s: ${counted(outcomes)}`);
    // What is loaded beside it takes cores, so more may wait than there is room for.
    this.#expect(
      outcomes.every(({ status }) => status === 200 || status === 429),
      "a reload cost requests their answer",
    );
  }

  async #crash(perSecond: number): Promise<void> {
    const { say, shortSeconds } = this.#settings;
    let killedAt = 0;
    const outcomes = await this.#load(perSecond, async () => {
      await delay((shortSeconds * 1000) / 4);
      killedAt = performance.now();
      for (const child of childrenOf(this.#program.child.pid ?? 0)) process.kill(child, "SIGKILL");
      await until(async () => !(await this.#isReady()), 5000).catch(() => {});
      await until(() => this.#isReady(), 60_000);
      await delay((shortSeconds * 1000) / 2);
    });
    const back = outcomes.find(({ status, sentAt, ms }) => status === 200 && sentAt + ms > killedAt + 100);
    const seconds = back === undefined ? Number.NaN : (back.sentAt + back.ms - killedAt) / 1000;
    say(`kill -9 of the model's process: ${counted(outcomes)}; answers again after ${seconds.toFixed(1)} s`);
    this.#expect(back !== undefined, "no answers after the model's process was killed");
    this.#expect(
      outcomes.every(({ status, code }) => status === 200 || status === 429 || code === "engine-crashed"),
      "a crash cost more than the requests of its batch",
    );
    this.#expect((await this.#ask()).status === 200, "no service after the model's process was killed");
  }

  async #isReady(): Promise<boolean> {
    return (await fetch(`${this.#address}/readyz`)).ok;
  }

  async #stop(perSecond: number): Promise<void> {
    const { say, shortSeconds } = this.#settings;
    let stoppedAt = 0;
    const outcomes = await this.#load(perSecond, async () => {
      await delay((shortSeconds * 1000) / 2);
      stoppedAt = performance.now();
      this.#program.child.kill("SIGTERM");
      await this.#program.ended;
    });
    // What was sent just before may arrive after it.
    const before = outcomes.filter(({ sentAt }) => sentAt < stoppedAt - 50);
    const after = outcomes.filter(({ sentAt }) => sentAt >= stoppedAt - 50);
    say(`SIGTERM: before it ${counted(before)}; after it ${counted(after)}`);
    this.#expect(this.#program.child.exitCode === 0, `the program ended with ${this.#program.child.exitCode}`);
    this.#expect(
      before.every(({ status }) => status === 200 || status === 429),
      "SIGTERM cost accepted requests their answer",
    );
  }
}
