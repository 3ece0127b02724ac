import type { ProblemDocument } from "./api-types.ts";

/** The server answered, and the answer is a problem. */
export class ServerProblem extends Error {
  readonly status: number;
  /** What to test for: it stays where the text changes. `unknown` where what answered was not detrkit's server. */
  readonly code: string;
  readonly problem: ProblemDocument;
  /** How long the server asks to wait; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: ProblemDocument, retryAfterMs?: number) {
    super(`${problem.detail} (${problem.status} ${problem.code})`);
    this.name = "ServerProblem";
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** There was no answer, or none that can be read. */
export class ServerUnreachable extends Error {
  readonly address: string;

  constructor(address: string, cause: unknown) {
    super(`${address}: no answer (${cause instanceof Error ? cause.message : String(cause)}); is the server there?`, {
      cause,
    });
    this.name = "ServerUnreachable";
    this.address = address;
  }
}

/** What an answer without success says. Proxies before the server send HTML, or nothing: then the status is all. */
export async function problemOf(response: Response): Promise<ProblemDocument> {
  const { status, statusText } = response;
  const title = statusText === "" ? `status ${status}` : statusText;
  const plain: ProblemDocument = {
    type: "about:blank",
    title,
    status,
    detail: `${response.url}: the server answered ${status} ${statusText}`.trimEnd(),
    code: "unknown",
  };
  if (!/^application\/(problem\+)?json/u.test(response.headers.get("content-type") ?? "")) return plain;
  try {
    const said: unknown = await response.json();
    if (typeof said !== "object" || said === null) return plain;
    const text = (key: keyof ProblemDocument, fallback: string): string => {
      const value: unknown = (said as Readonly<Record<string, unknown>>)[key];
      return typeof value === "string" && value !== "" ? value : fallback;
    };
    return {
      type: text("type", plain.type),
      title: text("title", plain.title),
      status,
      detail: text("detail", text("title", plain.detail)),
      code: text("code", plain.code),
    };
  } catch {
    // Cut off in the middle: the status still stands.
    return plain;
  }
}
