import type { Stage } from "./consumer.ts";
import type { Release } from "./release.ts";

/** What the cases of a rehearsal work with. */
export interface Rehearsal extends Stage {
  readonly release: Release;
  /** Node's programs, by release line. */
  readonly nodes: ReadonlyMap<number, string>;
  /** TypeScript's compilers, by version; apart from the projects, which install only what they name. */
  readonly compilers: ReadonlyMap<string, string>;
  /** Folder of the types of Node's own modules. */
  readonly nodeTypes: string;
  /** Debian's or anybody's Chromium; undefined where there is none. */
  readonly chromium: string | undefined;
}

/** One thing that somebody does with the packages. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** Whether a short rehearsal has it too. */
  readonly short: boolean;
  /**
   * @returns what was seen, in a few words
   * @throws Error saying what went wrong
   */
  readonly run: (rehearsal: Rehearsal) => Promise<string>;
}

/** That a case cannot be run on this machine, and why. */
export class Skipped extends Error {}
