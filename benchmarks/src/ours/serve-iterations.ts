import { createInterface } from "node:readline";
import type { Facts, Iteration } from "../benchmark.ts";
import { peakMemoryMb } from "./peak-memory.ts";

/** A workload that is ready to be timed. */
export interface Workload {
  readonly facts: Facts;
  /** Lines of more about it, for people. */
  readonly details?: readonly string[];
  /** One iteration. Where not all of it is to be timed it says itself how long it took. */
  iterate(): Promise<Iteration | void>;
}

/** Our side's part of the conversation that `startSide` leads: settings in, facts out, then a time for every "run". */
export async function serveIterations<Settings>(prepare: (settings: Settings) => Promise<Workload>): Promise<void> {
  let workload: Workload | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as "run" | "stop" | (Settings & { readonly warmups: number });
    if (message === "stop") {
      reply({ peakMb: peakMemoryMb() });
      process.exit(0); // threads that still wait for work must not keep the process
    }
    if (message === "run") {
      reply(await timeIteration(workload as Workload));
      continue;
    }
    workload = await prepare(message);
    for (let index = 0; index < message.warmups; index++) await workload.iterate();
    reply({ facts: workload.facts, details: workload.details });
  }
  process.exit(0); // whoever asked is gone
}

async function timeIteration(workload: Workload): Promise<Iteration> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const measured = await workload.iterate();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  return measured ?? { ms, cpuMs: (user + system) / 1000 };
}

function reply(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
