import { compareNumbers, type Comparison } from "@detrkit/test-utils/recorded";

/** Compares with what pycocotools computes, in double precision as we do. */
export function compareDoubles(what: string, got: ArrayLike<number>, want: ArrayLike<number>): Comparison {
  return compareNumbers(what, got, want, { rtol: 0, atol: 1e-9 });
}
