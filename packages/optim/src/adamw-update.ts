import type { Parameter } from "@detrkit/nn";
import { hasKernel, runKernel } from "@detrkit/nn/kernels";
import { tensor, type Tensor, tensor1d, type Tensor1D } from "@tensorflow/tfjs-core";
import { clipFactor, jointNorm } from "./update-rule.ts";

/**
 * The kernel of one step, where a backend has it. Inputs: settings `[beta1, 1 - beta1, beta2, 1 - beta2, epsilon, clip
 * norm, then step size, kept, root of each parameter]`, first moments, second moments, parameters, gradients; moments
 * and parameters are written in place unless the norm is not finite. Output: the gradients' norm.
 */
export const adamWKernel = "DetrkitAdamW";

/** One step of AdamW over several parameters. */
export interface AdamWUpdate {
  readonly parameters: readonly Parameter[];
  /** One for each parameter, in its shape. */
  readonly gradients: readonly Tensor[];
  /**
   * First and second moments of all parameters one after the other, `[sum of sizes]`. This takes ownership: use the
   * result's.
   */
  readonly first: Tensor1D;
  readonly second: Tensor1D;
  /** Of each parameter: learning rate, weight decay, and how many steps it will have had, this one included. */
  readonly settings: readonly { readonly learningRate: number; readonly weightDecay: number; readonly step: number }[];
  readonly betas: readonly [first: number, second: number];
  readonly epsilon: number;
  /** The gradients are scaled down to this joint norm; 0 leaves them. */
  readonly clipNorm: number;
}

/** The caller owns the tensors. */
export interface AdamWUpdated {
  /** False where the norm is not finite: nothing has changed then. */
  readonly changed: boolean;
  readonly first: Tensor1D;
  readonly second: Tensor1D;
  /** Joint norm of the gradients before clipping. */
  readonly gradientNorm: number;
}

/**
 * Changes the parameters by one step. Decoupled weight decay (Loshchilov and Hutter, 2019) with bias-corrected moments,
 * gradients clipped first; epsilon is added to the corrected root, and 1e-6 is added to the norm that the clip norm is
 * divided by, both as in PyTorch.
 */
export async function adamWUpdate(update: AdamWUpdate): Promise<AdamWUpdated> {
  return hasKernel(adamWKernel) ? await updateByKernel(update) : await updateInMemory(update);
}

/** The factors of one parameter's update, in double precision: float32's `1 - 0.999` is off by 1e-5. */
function factorsOf(
  { learningRate, weightDecay, step }: AdamWUpdate["settings"][number],
  [beta1, beta2]: AdamWUpdate["betas"],
): { stepSize: number; kept: number; root: number } {
  return {
    stepSize: learningRate / (1 - beta1 ** step),
    kept: 1 - learningRate * weightDecay,
    root: Math.sqrt(1 - beta2 ** step),
  };
}

async function updateByKernel({
  parameters,
  gradients,
  first,
  second,
  settings,
  betas,
  epsilon,
  clipNorm,
}: AdamWUpdate): Promise<AdamWUpdated> {
  const factors = settings
    .map((each) => factorsOf(each, betas))
    .flatMap(({ stepSize, kept, root }) => [stepSize, kept, root]);
  const numbers = tensor1d([...betas.flatMap((beta) => [beta, 1 - beta]), epsilon, clipNorm, ...factors]);
  for (const parameter of parameters) parameter.ensureOwnMemory();
  const [norm] = runKernel(
    adamWKernel,
    [numbers, first, second, ...parameters.map(({ value }) => value), ...gradients],
    {},
  );
  const gradientNorm = (await norm?.data())?.[0] ?? NaN;
  numbers.dispose();
  norm?.dispose();
  const changed = Number.isFinite(gradientNorm);
  if (changed) for (const parameter of parameters) parameter.markChanged();
  return { changed, first, second, gradientNorm };
}

/** In plain memory: every backend can do it, and a dozen tfjs ops for each of hundreds of small tensors cost more. */
async function updateInMemory(update: AdamWUpdate): Promise<AdamWUpdated> {
  const { parameters, gradients, first, second, settings, betas, epsilon, clipNorm } = update;
  const gradientValues = await Promise.all(gradients.map((gradient) => gradient.data<"float32">()));
  const gradientNorm = jointNorm(gradientValues);
  if (!Number.isFinite(gradientNorm)) return { changed: false, first, second, gradientNorm };
  const scale = clipFactor(gradientNorm, clipNorm);
  const [beta1, beta2] = betas;
  const firstValues = Float32Array.from(await first.data<"float32">());
  const secondValues = Float32Array.from(await second.data<"float32">());
  let start = 0;
  for (const [index, parameter] of parameters.entries()) {
    const { stepSize, kept, root } = factorsOf(settings[index] as AdamWUpdate["settings"][number], betas);
    const gradient = gradientValues[index] as Float32Array;
    const values = Float32Array.from(await parameter.value.data<"float32">());
    for (let at = 0; at < values.length; at++) {
      const slope = (gradient[at] as number) * scale;
      const moment = beta1 * (firstValues[start + at] as number) + (1 - beta1) * slope;
      const square = beta2 * (secondValues[start + at] as number) + (1 - beta2) * slope * slope;
      firstValues[start + at] = moment;
      secondValues[start + at] = square;
      values[at] = (values[at] as number) * kept - (stepSize * moment) / (Math.sqrt(square) / root + epsilon);
    }
    start += values.length;
    parameter.assign(tensor(values, [...parameter.shape]));
  }
  first.dispose();
  second.dispose();
  return { changed: true, first: tensor1d(firstValues), second: tensor1d(secondValues), gradientNorm };
}
