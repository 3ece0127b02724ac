import { ConfigError } from "@detrkit/common";
import { freeSaved, type RecordedOp, recordOps } from "@detrkit/nn/tfjs-internals";
import { add, onesLike, type Scalar, type Tensor, tidy, util } from "@tensorflow/tfjs-core";

/**
 * A scalar and its gradients, in the variables' order; undefined for variables it does not depend on. The caller frees
 * them.
 */
export interface ValueAndGradients {
  readonly value: Scalar;
  readonly gradients: readonly (Tensor | undefined)[];
}

/**
 * The same as tfjs's `variableGrads` with less memory: that one holds everything saved in the forward pass, and the
 * gradient of every intermediate result, until the backward pass ends (tfjs-core 4.22). Here both are freed as soon as
 * the backward pass no longer needs them, so memory falls throughout the backward pass. Not to be called while
 * gradients are being recorded.
 */
export function valueAndGradients(compute: () => Scalar, variables: readonly Tensor[]): ValueAndGradients {
  const { value, tape } = recordOps(compute);
  const gradients = new Map<number, Tensor>();
  try {
    if (value.rank !== 0) throw new ConfigError(`the loss must be a scalar, got shape [${value.shape.join(", ")}]`);
    gradients.set(value.id, onesLike(value));
    const dependent = dependentTensors(tape, variables);
    for (let node = tape.pop(); node !== undefined; node = tape.pop()) {
      try {
        propagate(node, dependent, gradients);
      } finally {
        freeSaved(node);
      }
    }
    if (!dependent.has(value.id))
      throw new ConfigError(
        "the loss depends on none of the trained parameters; compute all of it within the function given",
      );
  } catch (error) {
    for (const tensor of [value, ...gradients.values()]) tensor.dispose();
    throw error;
  } finally {
    tape.forEach(freeSaved);
  }
  return { value, gradients: variables.map(({ id }) => gradients.get(id)) };
}

/** Ids of the variables and of all tensors computed from them. */
function dependentTensors(tape: readonly RecordedOp[], variables: readonly Tensor[]): ReadonlySet<number> {
  const dependent = new Set(variables.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => dependent.has(id))) for (const { id } of outputs) dependent.add(id);
  }
  return dependent;
}

/** Computes the gradients of a node's inputs from those of its outputs, which are complete by now, and frees these. */
function propagate(node: RecordedOp, dependent: ReadonlySet<number>, gradients: Map<number, Tensor>): void {
  const upstream = node.outputs.map(({ id }) => gradients.get(id) ?? null);
  const wanted = Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id));
  if (wanted.length > 0 && upstream.some((gradient) => gradient !== null)) {
    const computed = inputGradients(node, upstream, wanted);
    wanted.forEach(([, { id }], index) => accumulate(gradients, id, computed[index] as Tensor));
  }
  for (const { id } of node.outputs) {
    gradients.get(id)?.dispose();
    gradients.delete(id);
  }
}

function inputGradients(
  node: RecordedOp,
  upstream: readonly (Tensor | null)[],
  wanted: readonly (readonly [string, Tensor])[],
): Tensor[] {
  const { gradient, kernelName } = node;
  if (gradient === undefined)
    throw new ConfigError(`the loss can't be differentiated: tfjs has no gradient of ${kernelName}`);
  // A gradient may be the upstream tensor itself, or one tensor for two inputs; each has to be freed separately.
  const taken = new Set<Tensor | null>([...upstream, ...(node.saved ?? [])]);
  return tidy(() => {
    const functions = gradient(upstream);
    return wanted.map(([name, input]) => {
      const result = functions[name]?.();
      if (result === undefined || !util.arraysEqual(result.shape, input.shape)) {
        throw new ConfigError(
          `the gradient of ${kernelName} by its input ${name} expected shape [${input.shape.join(", ")}], ` +
            `got ${result === undefined ? "none" : `[${result.shape.join(", ")}]`}`,
        );
      }
      const own = taken.has(result) ? result.clone() : result;
      taken.add(own);
      return own;
    });
  });
}

function accumulate(gradients: Map<number, Tensor>, id: number, gradient: Tensor): void {
  const sum = gradients.get(id);
  if (sum === undefined) {
    gradients.set(id, gradient);
    return;
  }
  gradients.set(id, add(sum, gradient));
  sum.dispose();
  gradient.dispose();
}
