// The model beside the page's own thread, from the weights that the server runs.
import { DetectionClient, ServerProblem } from "@detrkit/client";
import { type Detector, loadDetector } from "@detrkit/inference/browser";
import { startBestBackend } from "./backend.ts";
import { mostDetections } from "./engine.ts";
import type { Answer, Question } from "./worker-messages.ts";

// Of the questions only the first can fail at this, and a model that could not be loaded stays so: the page starts
// another worker then.
let loading: Promise<{ readonly backend: string; readonly detector: Detector }> | undefined;

const say = (answer: Answer): void => postMessage(answer);

async function load({ server, apiKey, model }: Question): Promise<{ backend: string; detector: Detector }> {
  const client = new DetectionClient({ server, ...(apiKey === undefined ? {} : { apiKey }) });
  const backend = await startBestBackend();
  const detector = await loadDetector(await client.weights(model), {
    onProgress: ({ loaded, total }) => say({ kind: "progress", loaded, total }),
  });
  say({ kind: "loaded" });
  return { backend, detector };
}

async function answer(question: Question): Promise<Answer> {
  const { id, image, asked } = question;
  const { backend, detector } = await (loading ??= load(question));
  const bytes = new Uint8Array(await image.arrayBuffer());
  if ("explain" in asked) {
    const explanation = await detector.explain(bytes, { threshold: 0, limit: asked.explain });
    return { kind: "explained", id, explanation };
  }
  const begun = performance.now();
  const options = { ...asked, limit: mostDetections };
  const found = await detector.detect(bytes, options);
  const milliseconds = performance.now() - begun;
  return { kind: "found", id, found: { ...found, milliseconds, where: `this browser (${backend})` } };
}

async function respond(question: Question): Promise<void> {
  try {
    say(await answer(question));
  } catch (error) {
    const status = error instanceof ServerProblem ? error.status : undefined;
    const message = error instanceof Error ? error.message : String(error);
    say({ kind: "problem", id: question.id, message, status });
  }
}

// One after the other: two at once would only share the device, and its memory twice over.
let last: Promise<void> = Promise.resolve();
addEventListener("message", ({ data }: MessageEvent<Question>) => {
  last = last.then(async () => await respond(data));
});
