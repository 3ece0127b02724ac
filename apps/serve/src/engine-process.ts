// The program of a model's process: it loads the model, then answers one request after the other. The server ends it by
// closing the channel, and so does the server's own end.
import { DetrkitError } from "@detrkit/common";
import type { InferenceEngine } from "./engine/engine.ts";
import type { EngineReply, EngineRequest } from "./engine/engine-messages.ts";
import { TfjsEngine } from "./engine/tfjs-engine.ts";

if (process.send === undefined) throw new Error("engine-process is started by detrkit-serve only");

// Ctrl-C in a terminal reaches the whole group: what was accepted is answered first.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("SIGHUP", () => {});
process.on("disconnect", () => process.exit());

let engine: InferenceEngine | undefined;

const reply = (message: EngineReply): void => void process.send?.(message);
const messageOf = (error: unknown): string =>
  DetrkitError.isInstance(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : `${error}`;

async function answer(request: EngineRequest): Promise<void> {
  if (request.kind === "load") {
    try {
      engine = await TfjsEngine.load(request.path, request.settings);
      reply({ kind: "loaded", model: engine.model });
    } catch (error) {
      reply({ kind: "not-loaded", message: messageOf(error) });
    }
    return;
  }
  const { id } = request;
  try {
    if (engine === undefined) throw new Error("the model is not loaded");
    if (request.kind === "detect") reply({ kind: "detected", id, outcomes: await engine.detect(request.images) });
    else if (request.kind === "segment") reply({ kind: "segmented", id, outcome: await engine.segment(request.image) });
    else reply({ kind: "explained", id, outcome: await engine.explain(request.image) });
  } catch (error) {
    reply({ kind: "failed", id, message: messageOf(error) });
  }
}

process.on("message", (request: EngineRequest) => void answer(request));
