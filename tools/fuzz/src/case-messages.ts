import type { CaseResult } from "./fuzz-target.ts";

/** What the parent sends: one case. */
export interface ToChild {
  readonly input: Uint8Array;
}

/** `ready` comes once; then one result for each case. */
export type FromChild = { readonly kind: "ready" } | { readonly kind: "result"; readonly result: CaseResult };
