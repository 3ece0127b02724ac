import { DetrkitError, Random } from "@detrkit/common";
import {
  dispose,
  engine,
  fill,
  memory,
  mul,
  ones,
  type Scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import type { FuzzedOp } from "./call.ts";
import type { ChangedCall, ChangedInput } from "./hostile.ts";

/** A tensor's numbers, read. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * What an op made of a call: its results and, where it has any, the gradients of a weighting of the first (empty by
 * what it does not use); or its refusal.
 */
export type Outcome =
  | { readonly results: readonly Values[]; readonly gradients: readonly Values[] }
  | { readonly refusal: DetrkitError };

/**
 * Runs a call on tensors of its own.
 *
 * @param stain - what memory that is free is filled with before: a result that shows it was not written
 * @throws what is a finding: an error that is not detrkit's, or tensors that stay
 */
export async function runCall(
  { run, differentiable }: FuzzedOp,
  { inputs, attributes }: ChangedCall,
  seed: number,
  stain: number,
): Promise<Outcome> {
  const before = memory().numTensors;
  const operands = inputs.map((input, index) => operandOf(input, new Random(seed).fork("input", index)));
  stainFreeMemory(stain);
  const made: Tensor[] = [];
  const outcome = await computed().catch((error: unknown): Outcome => {
    if (!DetrkitError.isInstance(error)) throw error;
    return { refusal: error };
  });
  dispose([...made, ...operands]);
  const left = memory().numTensors - before;
  if (left !== 0)
    throw new Error(
      `${left} tensors are left behind${"refusal" in outcome ? ` by the refusal: ${outcome.refusal.message}` : ""}`,
    );
  return outcome;

  async function computed(): Promise<Outcome> {
    made.push(...(await run(operands, attributes)));
    const results = made.map(read);
    if (differentiable !== true) return { results, gradients: [] };
    const by = operands.filter((_, index) => inputs[index]?.dtype === undefined && inputs[index]?.constant !== true);
    const { value, grads } = engine().gradients(
      () => weighted((run(operands, attributes) as Tensor[])[0] as Tensor),
      by,
      undefined,
      true,
    );
    const gradients: readonly (Tensor | undefined)[] = grads;
    made.push(value, ...gradients.filter((gradient) => gradient !== undefined));
    return {
      results,
      gradients: gradients.map((gradient) =>
        gradient === undefined ? { shape: [], values: new Float32Array(0) } : read(gradient),
      ),
    };
  }
}

/** Each element counts differently, so that one in the place of another shows. */
function weighted(result: Tensor): Scalar {
  return tidy(
    () =>
      sum(
        mul(
          result,
          tensor(
            Float32Array.from({ length: result.size }, (_, index) => Math.cos(index)),
            result.shape,
          ),
        ),
      ) as Scalar,
  );
}

function read(result: Tensor): Values {
  const values = result.dataSync<"float32">();
  if (values.length !== result.size)
    throw new Error(`a result of shape [${result.shape.join(", ")}] has ${values.length} numbers`);
  return { shape: result.shape, values: Float32Array.from(values) };
}

function operandOf({ shape, dtype, disposed, specials = [] }: ChangedInput, random: Random): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const draw = dtype === undefined ? () => random.uniform(-1, 1) : () => random.integer(0, 1);
  const values = Float32Array.from({ length }, draw);
  for (const { element, value } of length === 0 || dtype !== undefined ? [] : specials)
    values[element % length] = value;
  const kinds = { float32: () => values, int32: () => Int32Array.from(values), bool: () => Uint8Array.from(values) };
  const operand = tensor(kinds[dtype ?? "float32"](), [...shape], dtype ?? "float32");
  if (disposed === true) operand.dispose();
  return operand;
}

/**
 * Makes tensors of many sizes by an op (what comes from a typed array lives in JavaScript's memory) and frees them: the
 * allocator hands their memory on as it is.
 */
function stainFreeMemory(stain: number): void {
  tidy(() => {
    const one = ones([1]);
    for (let size = 1; size <= 2 ** 13; size *= 2) mul(fill([size], stain), one);
  });
}
