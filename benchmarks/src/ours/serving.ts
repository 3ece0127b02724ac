import { join } from "node:path";
import { serveIterations } from "./serve-iterations.ts";
import { serverWorkload, type ServingSettings } from "./server-workload.ts";

const program = join(import.meta.dirname, "../../../apps/serve/src/cli.ts");

/** `detrkit-serve` as it is, but for a deadline that sixteen clients on two cores can't miss. */
await serveIterations(async (settings: ServingSettings) => {
  const { checkpoint, parameters } = settings;
  const flags = ["--checkpoint", checkpoint, "--port", "0", "--deadline", "600", "--no-watch"];
  const workload = await serverWorkload(
    { command: [process.execPath, ...process.execArgv, program, ...flags], env: process.env },
    settings,
  );
  return { ...workload, facts: { ...workload.facts, parameters } };
});
