// `npm run load`: a server gets twice what it can do, damaged bodies, a reload, a crash and SIGTERM, and has to answer
// or refuse every request.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeUntrained } from "../support/untrained.ts";
import { LoadRun } from "./load-run.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    checkpoint: text,
    seconds: { ...text, default: "300" },
    factor: { ...text, default: "2" },
    damaged: { ...text, default: "1000" },
    seed: { ...text, default: "1" },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), "detrkit-load-"));
try {
  const untrained = join(folder, "untrained.safetensors");
  const checkpoint = values.checkpoint ?? (existsSync("runs/demo") ? "runs/demo" : untrained);
  if (checkpoint === untrained) await writeUntrained(untrained);
  say(`serves ${checkpoint === untrained ? "a small model that was never trained" : checkpoint}`);
  const [seconds, factor, damaged, seed] = [values.seconds, values.factor, values.damaged, values.seed].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const faults = await LoadRun.run({ checkpoint, seconds, factor, damaged, seed, shortSeconds: 15, say });
  say(faults.length === 0 ? "no faults" : `${faults.length} faults: ${faults.join("; ")}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
