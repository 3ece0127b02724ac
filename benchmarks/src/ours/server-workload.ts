import { readFile } from "node:fs/promises";
import { percentile } from "../statistics.ts";
import { peakMemoryOfProcessesMb } from "./peak-memory.ts";
import { type ServerProgram, startServer } from "./running-server.ts";
import type { Workload } from "./serve-iterations.ts";

/** What both programs of the comparison are told. */
export interface ServingSettings {
  readonly checkpoint: string;
  readonly huggingFace: string;
  readonly parameters: number;
  readonly python: string;
  readonly pythonPath: string;
  readonly photographs: readonly string[];
  /** How many ask at the same time, each for the next image as soon as it has its answer. */
  readonly clients: number;
  /** How long they go on asking; the answers under way are waited for. */
  readonly turnSeconds: number;
}

interface Answer {
  readonly images: readonly { readonly detections: readonly unknown[] }[];
}

// As many as detrkit-serve takes into a batch.
const mostWarmedUp = 4;

/** A server as a program of its own, under the load of clients in this one. An iteration is a turn of load. */
export async function serverWorkload(
  program: ServerProgram,
  { photographs, clients, turnSeconds }: ServingSettings,
): Promise<Workload & { readonly said: string }> {
  const { address, pid, said } = await startServer(program);
  const files = await Promise.all(photographs.map(async (path) => new Blob([await readFile(path)])));
  const ask = async (index: number): Promise<Answer> => {
    const body = new FormData();
    body.append("image", files[index % files.length] ?? "", "photograph.jpg");
    // All queries are found then, so both write answers of one length whatever the weights.
    const response = await fetch(`${address}/v1/detect?threshold=0`, { method: "POST", body });
    if (!response.ok) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  const [first] = await Promise.all(Array.from({ length: Math.min(clients, mostWarmedUp) }, (_, index) => ask(index)));
  const latencies: number[] = [];
  let loadedMs = 0;
  let asked = 0;
  return {
    said,
    facts: { detections: first?.images[0]?.detections.length ?? 0 },
    iterate: async () => {
      const started = performance.now();
      const answeredBefore = latencies.length;
      const askAgain = async (): Promise<void> => {
        do {
          const from = performance.now();
          await ask(asked++);
          latencies.push(performance.now() - from);
        } while (performance.now() - started < turnSeconds * 1000);
      };
      await Promise.all(Array.from({ length: clients }, askAgain));
      const ms = performance.now() - started;
      loadedMs += ms;
      return { ms: ms / (latencies.length - answeredBefore) };
    },
    end: () => ({
      peakMb: peakMemoryOfProcessesMb(pid),
      figures: {
        imagesPerSecond: (latencies.length * 1000) / loadedMs,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        requests: latencies.length,
      },
    }),
  };
}
