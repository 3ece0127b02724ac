// The detector, beside the page's own thread: it is given pictures and answers what is in them.
import { type Detector, loadDetector } from "@detrkit/inference/browser";
import { startBestBackend } from "./backend.ts";
import type { Answer, Question } from "./messages.ts";

let loading: Promise<Detector> | undefined;

async function answer({ weights, picture, threshold }: Question): Promise<Answer> {
  const backend = await startBestBackend();
  const detector = await (loading ??= loadDetector(weights));
  const begun = performance.now();
  const found = await detector.detect(picture, { threshold });
  return { backend, found, milliseconds: performance.now() - begun };
}

addEventListener("message", ({ data }: MessageEvent<Question>) => {
  void answer(data)
    .catch((error: unknown): Answer => ({ problem: String(error) }))
    .then((said) => postMessage(said));
});
