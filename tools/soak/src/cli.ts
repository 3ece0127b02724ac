import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startBackend } from "@detrkit/backend";
import { openDataset } from "@detrkit/datasets";
import { type MemorySample, growthOf, sampleMemory } from "./memory.ts";
import { Rounds } from "./rounds.ts";

const warmUpMinutes = 10;
/** What has to pass after the warm-up before growth is judged. */
const judgedMinutes = 15;
const mostPercentPerHour = 1;

const usage = `Usage: npm run soak -- [--minutes N] [--seed S]

Trains, evaluates, saves, loads and predicts with DETR and Deformable DETR in one process, with a new size for every
batch, and prints how much memory it holds after each round. The exit code is 1 if tensors are left over, or if
resident memory grows by more than ${mostPercentPerHour} % an hour after the first ${warmUpMinutes} minutes. Ctrl-C
ends it after the round, with what can be said then.

  --minutes N   how long (70); from ${warmUpMinutes + judgedMinutes} on growth is judged
  --seed S      of the images and their sizes (1)
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { minutes: text, seed: text, help: { type: "boolean", short: "h" } } });
  const [minutes, seed] = [Number(values.minutes ?? 70), Number(values.seed ?? 1)];
  if (values.help === true || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stdout.write(usage);
    return values.help === true ? 0 : 2;
  }
  exposeGarbageCollector();
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const { reason } = await startBackend({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(`backend: ${reason}; ${minutes} minutes, seed ${seed}\n`);
  const samples = await soak(minutes, seed, stop.signal);
  return judge(samples);
}

async function soak(minutes: number, seed: number, signal: AbortSignal): Promise<readonly MemorySample[]> {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-soak-"));
  const { classes } = await openDataset("shapes:count=1");
  const rounds = new Rounds({ classes, folder, seed });
  const samples: MemorySample[] = [];
  const begun = performance.now();
  const passed = (): number => (performance.now() - begun) / 60_000;
  let batches = 0;
  try {
    while (!signal.aborted && passed() < minutes) {
      batches += await rounds.run(signal);
      const sample = sampleMemory(passed(), batches);
      samples.push(sample);
      process.stdout.write(`${lineOf(sample)}\n`);
    }
  } finally {
    await rounds.close();
    await rm(folder, { recursive: true });
  }
  return samples;
}

function lineOf({ minutes, batches, resident, heap, external, tensors }: MemorySample): string {
  const mebibytes = (name: string, value: number): string => `${name} ${value.toFixed(1).padStart(6)} MiB`;
  const sizes = [mebibytes("resident", resident), mebibytes("heap", heap), mebibytes("external", external)].join("  ");
  return `${minutes.toFixed(1).padStart(6)} min  ${String(batches).padStart(6)} batches  ${sizes}  ${tensors} tensors`;
}

function judge(samples: readonly MemorySample[]): number {
  const growth = growthOf(samples, warmUpMinutes, judgedMinutes);
  if (growth === undefined) {
    process.stdout.write(`not judged: that takes ${judgedMinutes} minutes after the first ${warmUpMinutes}\n`);
    return 0;
  }
  const { percentPerHour, tensors } = growth;
  process.stdout.write(
    `after the first ${warmUpMinutes} minutes: resident memory ${percentPerHour.toFixed(2)} % an hour, ` +
      `tensors ${tensors}\n`,
  );
  return percentPerHour < mostPercentPerHour && tensors <= 0 ? 0 : 1;
}

/** Node gives it to a program only when it is started with a flag; this is that flag, later. */
function exposeGarbageCollector(): void {
  setFlagsFromString("--expose-gc");
  globalThis.gc ??= runInNewContext("gc") as typeof gc;
}
