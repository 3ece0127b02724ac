import type { Arbitrary } from "fast-check";

/** How long one case may take and how much memory it may add before that is a finding. */
export interface CaseLimits {
  readonly seconds: number;
  /** Resident memory above what the child process has before its first case. */
  readonly mebibytes: number;
}

/**
 * Something that takes input from outside. The parent process makes the inputs; a child process, which may die of them,
 * runs the cases. A target's module exports it as `target`.
 */
export interface FuzzTarget {
  readonly name: string;
  readonly limits: CaseLimits;
  /**
   * What an input is: a damaged file, of which single bytes can be left out while shrinking, or a description in JSON.
   */
  readonly form: "bytes" | "json";
  /** Called once, in the parent: what cases are drawn from and shrunk by. */
  inputs(): Promise<Arbitrary<Uint8Array>>;
  /** Called once, in the child, before the first case: starts a backend, for instance. */
  prepare?(): Promise<void>;
  /**
   * Runs one case, in the child. Returning means the input was accepted, throwing a `DetrkitError` that it was refused;
   * any other error is a finding, and so is a file that stays open.
   *
   * @param folder - an empty folder of this case's own
   */
  check(input: Uint8Array, folder: string): Promise<void>;
}

/** What a module of a target exports. */
export interface TargetModule {
  readonly target: FuzzTarget;
}

/** `hang` and `memory`: over the limit; `crash`: the process ended; `leak`: files stay open. */
export type FailureKind = "exception" | "crash" | "hang" | "memory" | "leak";

export interface CaseFailure {
  readonly kind: FailureKind;
  /** With the stack, where there is one. */
  readonly message: string;
}

/** What became of a case. */
export type CaseResult =
  | { readonly outcome: "accepted" | "refused" }
  | { readonly outcome: "failed"; readonly failure: CaseFailure };
