import { CheckpointError } from "@detrkit/common";
import type { HubSettings } from "./hub-reference.ts";

/** A hub's answer for one file. */
export interface HubAnswer {
  /** The file's bytes, from where they were asked for. */
  readonly response: Response;
  /** Its checksum, as the hub gives it before it sends one elsewhere; undefined where it gives none. */
  readonly etag: string | undefined;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 8;

/**
 * Asks a hub for a file. Large files lie on another host, which is told neither token nor name.
 *
 * @param from - the first byte that is asked for; whether it is of the same version, the checksum tells
 * @returns undefined where there is no such file
 * @throws CheckpointError where the hub can't be reached, or refuses
 */
export async function askHub(
  address: string,
  { token, endpoint }: HubSettings,
  from = 0,
): Promise<HubAnswer | undefined> {
  const hub = new URL(endpoint).origin;
  let place = new URL(address);
  let etag: string | undefined;
  for (let step = 0; step < mostRedirects; step++) {
    const headers = new Headers({ "user-agent": "detrkit", "accept-encoding": "identity" });
    if (from > 0) headers.set("range", `bytes=${from}-`);
    if (token !== undefined && place.origin === hub) headers.set("authorization", `Bearer ${token}`);
    const response = await answerOf(place, headers, address);
    // The checksum is the hub's word, not that of the host that holds the bytes.
    if (place.origin === hub) etag ??= plainEtag(response.headers.get("x-linked-etag") ?? response.headers.get("etag"));
    const next = response.headers.get("location");
    if (!redirects.has(response.status) || next === null) {
      if (response.status === 404 && missingFile(response)) return undefined;
      expectAnswer(response, address, token !== undefined);
      return { response, etag };
    }
    await response.body?.cancel();
    place = new URL(next, place);
  }
  throw new CheckpointError(`${address}: was sent on ${mostRedirects} times; is HF_ENDPOINT right?`);
}

async function answerOf(place: URL, headers: Headers, address: string): Promise<Response> {
  try {
    return await fetch(place, { headers, redirect: "manual" });
  } catch (error) {
    const { cause, message } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new CheckpointError(
      `${address}: can't be reached (${reason}); is there a network? Once downloaded, a model is read without one`,
      { cause: error },
    );
  }
}

/** A repository that is not there, or a revision, is answered by 404 too, and told apart by this header. */
function missingFile(response: Response): boolean {
  return ["EntryNotFound", null].includes(response.headers.get("x-error-code"));
}

function expectAnswer(response: Response, address: string, hasToken: boolean): void {
  const { status, statusText } = response;
  // 416: nothing is left of a file that is here whole.
  if (response.ok || status === 416) return;
  void response.body?.cancel();
  const advice: Readonly<Record<number, string>> = {
    401: hasToken
      ? "the token in HF_TOKEN is not accepted, or there is no such model"
      : "there is no such model, or it needs a token: set HF_TOKEN",
    403: "this account may not read it: accept the conditions on the model's page, then set HF_TOKEN",
    404: "there is no such model or revision",
    429: "too many requests: wait a few minutes",
  };
  throw new CheckpointError(
    `${address}: the hub answered ${status} ${statusText}: ${advice[status] ?? "try again later"}`,
  );
}

/** `W/"abc-gzip"` is the same file as `"abc"`. */
function plainEtag(header: string | null): string | undefined {
  return header
    ?.replace(/^W\//u, "")
    .replaceAll('"', "")
    .replace(/-gzip$/u, "");
}
