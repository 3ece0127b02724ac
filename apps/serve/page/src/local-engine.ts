import type { Engine } from "./engine.ts";
import type { Answer, Question } from "./worker-messages.ts";

/** What a {@link localEngine} loads, and whom it tells. */
export interface LocalOptions {
  readonly server: string;
  readonly apiKey: string | undefined;
  readonly model: string;
  /** Told how many bytes of the weights are here. */
  readonly onProgress: (loaded: number, total: number | undefined) => void;
  readonly onLoaded: () => void;
}

/** The worker could not: what it said, and the server's status where that was the reason. */
export class LocalProblem extends Error {
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined) {
    super(message);
    this.name = "LocalProblem";
    this.status = status;
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The same model in this browser, in a worker that starts with the first image. */
export function localEngine({ onProgress, onLoaded, ...model }: LocalOptions): Engine {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const rejectAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    if (data.kind === "progress") return onProgress(data.loaded, data.total);
    if (data.kind === "loaded") return onLoaded();
    const { resolve, reject } = waiting.get(data.id) ?? {};
    waiting.delete(data.id);
    if (data.kind === "problem") reject?.(new LocalProblem(data.message, data.status));
    else resolve?.(data);
  });
  worker.addEventListener("error", ({ message }) =>
    rejectAll(new LocalProblem(message || "its worker ended", undefined)),
  );

  const ask = async (image: Blob, asked: Question["asked"], signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted();
    const id = ++lastId;
    return await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      signal.addEventListener("abort", () => {
        waiting.delete(id);
        reject(signal.reason as Error);
      });
      const question: Question = { id, ...model, image, asked };
      // A worker has no origin: that is for windows.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      worker.postMessage(question);
    });
  };
  return {
    detect: async (image, asked, signal) => {
      const answer = await ask(image, asked, signal);
      if (answer.kind !== "found") throw new Error(`the worker answered "${answer.kind}" to a detection`);
      return answer.found;
    },
    explain: async (image, limit, signal) => {
      const answer = await ask(image, { explain: limit }, signal);
      if (answer.kind !== "explained") throw new Error(`the worker answered "${answer.kind}" to an explanation`);
      return answer.explanation;
    },
    close: () => {
      worker.terminate();
      rejectAll(new DOMException("the model in this browser was closed", "AbortError"));
    },
  };
}
