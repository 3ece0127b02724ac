import { createInterface } from "node:readline";
import type { Ending, Facts, Iteration } from "../benchmark.ts";
import { peakMemoryMb } from "./peak-memory.ts";

/** A workload that is ready to be timed. */
export interface Workload {
  readonly facts: Facts;
  /** Lines of more about it, for people. */
  readonly details?: readonly string[];
  /** One iteration. Where not all of it is to be timed it says itself how long it took. */
  iterate(): Promise<Iteration | void>;
  /** What is to be said at the end where it isn't this process that did the work. */
  end?(): Ending;
}

/** Our side's part of the conversation that `startSide` leads: settings in, facts out, then a time for every "run". */
export async function serveIterations<Settings>(prepare: (settings: Settings) => Promise<Workload>): Promise<void> {
  let workload: Workload | undefined;
  let perTurn = 1;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as
      | "run"
      | "stop"
      | (Settings & { readonly warmups: number; readonly iterationsPerTurn: number });
    if (message === "stop") {
      reply(workload?.end?.() ?? { peakMb: peakMemoryMb() });
      process.exit(0); // threads that still wait for work must not keep the process
    }
    if (message === "run") {
      reply(await timeTurn(workload as Workload, perTurn));
      continue;
    }
    workload = await prepare(message);
    perTurn = message.iterationsPerTurn;
    for (let index = 0; index < message.warmups; index++) await workload.iterate();
    reply({ facts: workload.facts, details: workload.details });
  }
  process.exit(0); // whoever asked is gone
}

/** The mean of a turn's iterations. */
async function timeTurn(workload: Workload, iterations: number): Promise<Iteration> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  let measured: Iteration | void = undefined;
  for (let iteration = 0; iteration < iterations; iteration++) measured = await workload.iterate();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  return measured ?? { ms: ms / iterations, cpuMs: (user + system) / 1000 / iterations };
}

function reply(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
