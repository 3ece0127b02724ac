import { join } from "node:path";
import { serveIterations } from "./serve-iterations.ts";
import { serverWorkload, type ServingSettings } from "./server-workload.ts";

const program = join(import.meta.dirname, "../../peers/fastapi_server.py");

/** The peer of `serving.ts`, under the same load. */
await serveIterations(async (settings: ServingSettings & { readonly threads: number }) => {
  const { python, pythonPath, huggingFace, threads } = settings;
  const workload = await serverWorkload(
    { command: [python, program, huggingFace, String(threads)], env: { ...process.env, PYTHONPATH: pythonPath } },
    settings,
  );
  const parameters = Number(/(\d+) parameters/u.exec(workload.said)?.[1]);
  return { ...workload, facts: { ...workload.facts, parameters } };
});
