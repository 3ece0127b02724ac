import { DataError } from "@detrkit/common";
import type { Arbitrary } from "fast-check";
import type { CaseLimits, FuzzTarget } from "./fuzz-target.ts";

export interface StructuredTargetOptions<Case> {
  readonly name: string;
  readonly limits: CaseLimits;
  /**
   * Draws cases of plain data that JSON keeps: no NaN, no -0, no typed arrays. Large random content is better given by
   * a seed.
   */
  readonly cases: Arbitrary<Case>;
  /** See {@link FuzzTarget.prepare}. */
  readonly prepare?: () => Promise<void>;
  /** See {@link FuzzTarget.check}. */
  readonly check: (given: Case, folder: string) => Promise<void>;
}

/**
 * A target whose cases are described (shapes, attributes, a seed), not bytes of a file; they are kept and replayed as
 * JSON.
 */
export function structuredTarget<Case>({ cases, prepare, check, ...rest }: StructuredTargetOptions<Case>): FuzzTarget {
  return {
    ...rest,
    form: "json",
    ...(prepare === undefined ? {} : { prepare }),
    inputs: async () => cases.map((given) => new TextEncoder().encode(JSON.stringify(given))),
    check: (input, folder) => check(parseCase<Case>(input), folder),
  };
}

function parseCase<Case>(input: Uint8Array): Case {
  try {
    return JSON.parse(new TextDecoder().decode(input)) as Case;
  } catch (cause) {
    throw new DataError("a case of this target is JSON, as an earlier run wrote it; this is not", { cause });
  }
}
