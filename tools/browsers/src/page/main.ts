// Loaded by Chromium. cli.ts calls the one function that stands here, in a fresh page for each row of its table.
import "../page-functions.ts";
import { narrow, run } from "../workload.ts";
import { startBackend } from "./backends.ts";

globalThis.runModel = async (backend, model, work) => {
  await startBackend(backend);
  return [...(await run(narrow(model), work))].map(([name, values]) => [name, [...values]] as const);
};
