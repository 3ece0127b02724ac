import { problemOf, ServerProblem, ServerUnreachable } from "./errors.ts";
import { backoffMs, mayRetry, pause, retryAfterMs, type RetryOptions } from "./retry.ts";

/** Where the server is, and how it is asked. */
export interface RequesterOptions extends RetryOptions {
  /** Of the server; a path is kept (`https://example.org/detect/`). In a page it may be relative to it. */
  readonly server: string | URL;
  /** Sent as `authorization: Bearer …` where the server asks for one. */
  readonly apiKey?: string;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A request: the path below the server's address, and what `fetch` takes. */
export interface ServerRequest {
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly method?: "GET" | "POST";
  /** It can be sent more than once, which a stream can't. */
  readonly body?: Blob | Uint8Array<ArrayBuffer> | ArrayBuffer | FormData | string;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one server, again where it is full or restarts. */
export class Requester {
  readonly #options: RequesterOptions;
  readonly #base: URL;

  constructor(options: RequesterOptions) {
    this.#options = options;
    const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
    if (!URL.canParse(options.server, page))
      throw new TypeError(
        `DetectionClient: server expected an address (http://localhost:8080), got "${String(options.server)}"`,
      );
    this.#base = new URL(options.server, page);
    if (!this.#base.pathname.endsWith("/")) this.#base.pathname += "/";
  }

  /**
   * @returns an answer of success; its body is not read yet
   * @throws ServerProblem, ServerUnreachable, or the signal's reason
   */
  async send(request: ServerRequest): Promise<Response> {
    const { retries = 3, longestWaitMs = 30_000 } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const response = await this.#once(request);
      if (response.ok) return response;
      const asked = retryAfterMs(response.headers, Date.now());
      const wait = asked ?? backoffMs(attempt, Math.random);
      if (!mayRetry(response.status) || attempt >= retries || wait > longestWaitMs)
        throw new ServerProblem(await problemOf(response), asked);
      // Unread, the answer would hold its connection until it is collected.
      await response.body?.cancel();
      await pause(wait, request.signal);
    }
  }

  /** The answer's JSON. @throws as {@link send} does; ServerUnreachable where the answer breaks off */
  async json(request: ServerRequest): Promise<unknown> {
    const response = await this.send(request);
    try {
      return (await response.json()) as unknown;
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw new ServerUnreachable(response.url, cause);
    }
  }

  async #once({ path, query, method = "GET", body, contentType, signal }: ServerRequest): Promise<Response> {
    const address = new URL(path, this.#base);
    if (query !== undefined) address.search = query.toString();
    const { apiKey, fetch: ask = fetch } = this.#options;
    const headers = new Headers({ accept: "application/json, application/problem+json, */*;q=0.5" });
    if (contentType !== undefined) headers.set("content-type", contentType);
    if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
    try {
      return await ask(address, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ServerUnreachable(address.href, cause);
    }
  }
}
