import * as fc from "fast-check";
import type { FuzzTarget } from "../fuzz-target.ts";
import { structuredTarget } from "../structured-target.ts";

/** A structured target whose bug shows from 13 rows on. */
export const target: FuzzTarget = structuredTarget({
  name: "toy-shapes",
  limits: { seconds: 5, mebibytes: 200 },
  cases: fc.record({
    rows: fc.integer({ min: 1, max: 100 }),
    columns: fc.integer({ min: 1, max: 100 }),
    seed: fc.nat(),
  }),
  check: async ({ rows }) => {
    if (rows >= 13) throw new Error(`row ${rows} differs`);
  },
});
