import * as fc from "fast-check";
import { CaseRunner } from "./case-runner.ts";
import { type Finding, describeFinding, writeFinding } from "./findings.ts";
import type { CaseFailure, CaseResult, FuzzTarget } from "./fuzz-target.ts";
import { reduceBytes } from "./reduce-bytes.ts";
import { signatureOf } from "./signature.ts";

export interface FuzzRunOptions {
  readonly target: FuzzTarget;
  /** Of the target's module, for the child process. */
  readonly url: string;
  /** A whole number of 32 bits. With a case's index it makes that case, on any machine. */
  readonly seed: number;
  /** Only these cases; by default from 0 on, until the time is up. */
  readonly cases?: { readonly first: number; readonly count: number };
  readonly seconds: number;
  /** For shrinking one finding, beyond `seconds`. */
  readonly shrinkSeconds: number;
  /** Where findings are written. */
  readonly folder: string;
  readonly print: (text: string) => void;
}

/** What a run came to. */
export interface FuzzCounts {
  readonly target: string;
  readonly cases: number;
  readonly accepted: number;
  readonly refused: number;
  /** Distinct ones, by {@link signatureOf}. */
  readonly findings: number;
}

/** Draws and runs cases of one target until its time is up; each new kind of failure is shrunk, written and printed. */
export async function fuzzTarget(options: FuzzRunOptions): Promise<FuzzCounts> {
  const { target, url, cases = { first: 0, count: Infinity }, seconds } = options;
  const inputs = await target.inputs();
  const runner = new CaseRunner(url, target.limits);
  const counts = { accepted: 0, refused: 0, failed: 0 };
  const signatures = new Set<string>();
  await runner.start();
  const deadline = performance.now() + seconds * 1000;
  let index = cases.first;
  try {
    for (; index < cases.first + cases.count && performance.now() < deadline; index += 1) {
      const { result, finding } = await runCase({ ...options, inputs, runner, index, signatures });
      counts[result.outcome] += 1;
      if (finding !== undefined) options.print(describeFinding(finding, await writeFinding(options.folder, finding)));
    }
  } finally {
    await runner.stop();
  }
  return {
    target: target.name,
    cases: index - cases.first,
    accepted: counts.accepted,
    refused: counts.refused,
    findings: signatures.size,
  };
}

interface CaseOptions extends FuzzRunOptions {
  readonly inputs: fc.Arbitrary<Uint8Array>;
  readonly runner: CaseRunner;
  readonly index: number;
  /** Of the failures seen so far; a new one is added. */
  readonly signatures: Set<string>;
}

async function runCase(options: CaseOptions): Promise<{ readonly result: CaseResult; readonly finding?: Finding }> {
  const { target, inputs, runner, seed, index, signatures, shrinkSeconds } = options;
  let first: { readonly input: Uint8Array; readonly result: CaseResult } | undefined;
  let smallest: { readonly input: Uint8Array; readonly failure: CaseFailure } | undefined;
  let deadline = Infinity;
  // fast-check draws the case, and if it fails draws smaller ones until none of them fails.
  const passes = async (input: Uint8Array): Promise<boolean> => {
    if (performance.now() > deadline) return true;
    const result = await runner.run(input);
    const isFirst = first === undefined;
    first ??= { input, result };
    if (result.outcome !== "failed") return true;
    const signature = signatureOf(result.failure);
    if (isFirst ? signatures.has(signature) : smallest === undefined || signature !== signatureOf(smallest.failure))
      return true;
    if (isFirst) deadline = performance.now() + shrinkSeconds * 1000;
    signatures.add(signature);
    smallest = { input, failure: result.failure };
    return false;
  };
  await fc.check(fc.asyncProperty(inputs, passes), { seed: caseSeed(seed, index), numRuns: 1 });
  const { input: original, result } = first as unknown as { readonly input: Uint8Array; readonly result: CaseResult };
  if (smallest === undefined) return { result };
  const left =
    target.form === "bytes"
      ? await reduceBytes(smallest.input, async (candidate) => !(await passes(candidate)))
      : smallest.input;
  await runner.stop();
  const again = await runner.run(left);
  const reproduced = again.outcome === "failed" && signatureOf(again.failure) === signatureOf(smallest.failure);
  return {
    result,
    finding: {
      target: target.name,
      form: target.form,
      seed,
      index,
      original,
      smallest: left,
      failure: smallest.failure,
      reproduced,
    },
  };
}

/** Another whole number of 32 bits for each index of a run. */
function caseSeed(seed: number, index: number): number {
  return (seed + Math.imul(index, 0x9e3779b1)) | 0;
}
