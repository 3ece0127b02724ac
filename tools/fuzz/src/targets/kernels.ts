import { startBackend } from "@detrkit/backend";
import { removeOwnKernels } from "@detrkit/test-utils";
import * as fc from "fast-check";
import type { FuzzTarget } from "../fuzz-target.ts";
import { adamWOp } from "../kernels/adamw-op.ts";
import type { FuzzedOp, Sizes } from "../kernels/call.ts";
import { expectAsPlain, expectSameBits } from "../kernels/compare.ts";
import { deformableOps } from "../kernels/deformable-ops.ts";
import { type Change, changeArbitrary, changed, specialArbitrary } from "../kernels/hostile.ts";
import { kernelOps } from "../kernels/kernel-calls.ts";
import { publicOps } from "../kernels/public-ops.ts";
import { runCall } from "../kernels/run-call.ts";
import { structuredTarget } from "../structured-target.ts";

const ops: Readonly<Record<string, FuzzedOp>> = { ...publicOps, ...deformableOps, AdamW: adamWOp, ...kernelOps };

export const opNames: readonly string[] = Object.keys(ops);

interface KernelCase {
  readonly op: string;
  readonly sizes: Sizes;
  readonly changes: readonly Change[];
  readonly seed: number;
}

// Mostly small, where the edges are; now and then beyond a tile, a vector, a thread's share.
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 7 }) },
  { weight: 1, arbitrary: fc.integer({ min: 8, max: 70 }) },
);
const count = fc.integer({ min: 1, max: 4 });
const side = fc.integer({ min: 1, max: 6 });
const sizes: fc.Arbitrary<Sizes> = fc.record({
  a: fc.integer({ min: 0, max: 3 }),
  b: size,
  c: size,
  d: size,
  n: count,
  m: count,
  p: fc.integer({ min: 0, max: 3 }),
  flags: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  levels: fc.array(fc.record({ height: side, width: side }), { minLength: 1, maxLength: 3 }),
});

const changes = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Change[]>([]) },
  { weight: 1, arbitrary: fc.array(specialArbitrary, { minLength: 1, maxLength: 2 }) },
  { weight: 5, arbitrary: fc.array(changeArbitrary, { minLength: 1, maxLength: 2 }) },
);

/**
 * Calls the ops and the native kernels behind them: a call that fits has to be computed, any other may only be refused.
 */
export const target: FuzzTarget = structuredTarget<KernelCase>({
  name: "kernels",
  limits: { seconds: 60, mebibytes: 3000 },
  cases: fc.record({ op: fc.constantFrom(...opNames), sizes, changes, seed: fc.nat() }),
  prepare: async () => {
    await startBackend({ prefer: "native" });
  },
  check: async ({ op, sizes, changes, seed }) => {
    const fuzzed = ops[op];
    if (fuzzed === undefined) throw new Error(`there is no op ${op}`);
    const call = changed(fuzzed.plan(sizes), changes);
    const outcome = await runCall(fuzzed, call, seed, 1234.5);
    expectSameBits(outcome, await runCall(fuzzed, call, seed, -7e20));
    if (fuzzed.plain?.(call.attributes) === true && comparable(op, changes)) {
      const putBack = removeOwnKernels();
      expectAsPlain(outcome, await runCall(fuzzed, call, seed, 1234.5).finally(putBack));
    }
    if (!("refusal" in outcome)) return;
    if (changes.length === 0)
      throw new Error(`refused what fits: ${outcome.refusal.message}`, { cause: outcome.refusal });
    throw outcome.refusal;
  },
});

/**
 * Where numbers are not finite only the sampling ops say what comes of them: oneDNN's ReLU, for one, turns NaN into 0.
 * AdamW's kernel has settings in float32, which some of the hostile ones leave.
 */
function comparable(op: string, changes: readonly Change[]): boolean {
  if (op === "AdamW") return changes.every(({ kind }) => kind !== "value" && kind !== "attribute");
  return op === "multiScaleDeformableAttention" || changes.every(({ kind }) => kind !== "value");
}
