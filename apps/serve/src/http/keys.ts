import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { Problem } from "../api/problems.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The keys that open a server. Without any, it is open. */
export class Keys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  get required(): boolean {
    return this.#digests.length > 0;
  }

  /** @throws Problem `unauthorised` where the request has none of the keys */
  check({ headers }: FastifyRequest): void {
    if (!this.required) return;
    const [, bearer] = /^Bearer +(\S+)$/iu.exec(headers.authorization ?? "") ?? [];
    const given = bearer ?? headers["x-api-key"];
    // All are compared, in the same time: how long it takes tells nothing.
    const came = digest(typeof given === "string" ? given : "");
    const known = this.#digests.map((key) => timingSafeEqual(key, came));
    if (typeof given !== "string" || !known.includes(true))
      throw new Problem("unauthorised", "Send a key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`.");
  }
}
