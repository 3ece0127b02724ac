import type { Outcome, Values } from "./run-call.ts";

/** @throws unless both runs have the same bits: what differs was never written, or depends on threads */
export function expectSameBits(first: Outcome, second: Outcome): void {
  if ("refusal" in first || "refusal" in second) {
    if (!("refusal" in first && "refusal" in second)) throw new Error("was refused in one of two runs");
    return;
  }
  const all = [...second.results, ...second.gradients];
  [...first.results, ...first.gradients].forEach(({ values }, index) => {
    const other = all[index]?.values ?? new Float32Array(0);
    const at = values.findIndex((value, element) => !Object.is(value, other[element]));
    if (at >= 0)
      throw new Error(
        `uninitialised or not repeatable: output ${index} has ${values[at]} in one run and ${other[at]} in the next, ` +
          `at ${at} of ${values.length}`,
      );
  });
}

/**
 * @throws unless results and gradients are those of tfjs's own ops, as far as float32 goes; what is not finite has to
 * be so in both
 */
export function expectAsPlain(fused: Outcome, plain: Outcome): void {
  if ("refusal" in fused || "refusal" in plain) {
    if ("refusal" in fused && "refusal" in plain) return;
    const { refusal } = ("refusal" in fused ? fused : plain) as Extract<Outcome, { readonly refusal: unknown }>;
    throw new Error(`refused ${"refusal" in fused ? "with" : "without"} the kernels only: ${refusal.message}`);
  }
  fused.results.forEach((values, index) => expectClose(`result ${index}`, values, plain.results[index] as Values));
  fused.gradients.forEach((values, index) =>
    expectClose(`gradient ${index}`, values, plain.gradients[index] as Values),
  );
}

function expectClose(what: string, got: Values, want: Values): void {
  if (got.shape.join() !== want.shape.join())
    throw new Error(`${what} has shape [${got.shape.join(", ")}], without the kernels [${want.shape.join(", ")}]`);
  const largest = want.values.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    1,
  );
  const at = got.values.findIndex((value, element) => {
    const wanted = want.values[element] as number;
    if (!Number.isFinite(value) || !Number.isFinite(wanted)) return Number.isFinite(value) !== Number.isFinite(wanted);
    return Math.abs(value - wanted) > 1e-4 * largest;
  });
  if (at >= 0)
    throw new Error(
      `${what} has ${got.values[at]} at ${at} of ${got.values.length}, without the kernels ${want.values[at]}`,
    );
}
