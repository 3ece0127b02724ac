import { ServerProblem, ServerUnreachable } from "@detrkit/client";
import { LocalProblem } from "./local-engine.ts";

/** An error in words for whoever looks at the page: what happened, and what to do. */
export interface Problem {
  readonly text: string;
  /** The server asks for a key. */
  readonly needsKey: boolean;
}

const sayings: Readonly<Record<number, string>> = {
  401: "This server asks for a key.",
  403: "This server does not allow that.",
  404: "The server does not have this any more. Reload the page.",
  408: "The image took too long to arrive. Try again, or take a smaller one.",
  413: "This image is too large for the server. Take a smaller one.",
  415: "The server can't read this kind of file. JPEG, PNG, WebP, AVIF and TIFF work.",
  429: "The server has too much to do just now. Try again in a moment.",
  503: "The server is starting, or stopping. Try again in a moment.",
  504: "The answer took too long. Try again, or take a smaller image.",
};

/** Says an error; undefined where nobody needs to know: the user chose something else meanwhile. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof DOMException && error.name === "AbortError") return undefined;
  if (error instanceof ServerProblem) {
    const detail = error.status === 401 ? "" : ` ${sentence(error.problem.detail)}`;
    const saying = sayings[error.status] ?? (error.status >= 500 ? "The server failed at this image." : "");
    return { text: `${saying}${detail}`.trim(), needsKey: error.status === 401 };
  }
  if (error instanceof ServerUnreachable)
    return { text: "The server does not answer. Is it running, and are you online? Then try again.", needsKey: false };
  if (error instanceof LocalProblem) {
    if (error.status === 401) return { text: sayings[401] ?? "", needsKey: true };
    const text = `The model does not run in this browser: ${sentence(error.message)} Switch back to the server.`;
    return { text, needsKey: false };
  }
  return { text: sentence(error instanceof Error ? error.message : String(error)), needsKey: false };
}

function sentence(text: string): string {
  return /[.!?]$/u.test(text) || text === "" ? text : `${text}.`;
}
