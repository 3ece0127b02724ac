import { originalDeformableDetr } from "@detrkit/checkpoint";
import { DataError, Random } from "@detrkit/common";
import {
  type DeformableAttentionOperands,
  MultiScaleDeformableAttention,
  multiScaleDeformableAttention,
} from "@detrkit/deformable-attention";
import type { ImageSize } from "@detrkit/nn";
import {
  compareGradients,
  compareTensor,
  type Comparison,
  type Fixture,
  inMemory,
  loadOriginalWeights,
  originalGradients,
  type OriginalNames,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import {
  mul,
  type Rank,
  type Scalar,
  sum,
  tensor,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  type Tensor5D,
  valueAndGrads,
} from "@tensorflow/tfjs-core";

interface ModuleCase {
  readonly d_model: number;
  readonly n_levels: number;
  readonly n_heads: number;
  readonly n_points: number;
}

type Compute = (...inputs: Tensor[]) => Tensor;

/** Where the original's module has its place in a whole model. */
const part: OriginalNames = {
  dialect: originalDeformableDetr,
  keyPrefix: "transformer.encoder.layers.0.self_attn.",
  pathPrefix: "transformer.encoder.layers.0.selfAttention.",
};

/** The sampling alone, a whole attention, or what new ones begin with, by what the case has as inputs. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  if (fixture.tensors.has("in.value")) return sampling(fixture);
  if (fixture.tensors.has("in.query")) return attention(fixture);
  return initialOffsets(fixture);
}

/** @param attend - a way to compute the op */
export function sampling(
  fixture: Fixture,
  attend: typeof multiScaleDeformableAttention = multiScaleDeformableAttention,
): readonly Comparison[] {
  const levelShapes = levelShapesOf(fixture);
  const compute: Compute = (value, samplingLocations, attentionWeights) =>
    attend({
      value: value as Tensor4D,
      levelShapes,
      samplingLocations: samplingLocations as Tensor<Rank.R6>,
      attentionWeights: attentionWeights as Tensor5D,
    } satisfies DeformableAttentionOperands);
  const inputs = ["value", "sampling_locations", "attention_weights"];
  const comparableAt = fixture.tensors.has("in.kink_mask") ? hasOneDerivative(fixture, levelShapes) : undefined;
  return [
    ...compareOutput(fixture, inputs, compute),
    ...compareInputGradients(fixture, inputs, compute, { sampling_locations: comparableAt }),
  ];
}

function attention(fixture: Fixture): readonly Comparison[] {
  const config = fixture.json["config"] as ModuleCase;
  const module = new MultiScaleDeformableAttention({
    dim: config.d_model,
    heads: config.n_heads,
    levels: config.n_levels,
    points: config.n_points,
    random: new Random(0),
  });
  loadOriginalWeights(fixture, module, part);
  const levelShapes = levelShapesOf(fixture);
  const mask = fixture.tensors.get("in.padding_mask");
  const memoryPaddingMask =
    mask === undefined ? undefined : tensor<Rank.R2>(mask.data, mask.shape as [number, number], "bool");
  const compute: Compute = (queries, referencePoints, memory) =>
    module.call({
      queries: queries as Tensor3D,
      memory: memory as Tensor3D,
      memoryPaddingMask,
      referencePoints,
      levelShapes,
    });
  const inputs = ["query", "reference_points", "input_flatten"];
  return [
    ...compareOutput(fixture, inputs, compute),
    ...compareInputGradients(fixture, inputs, compute),
    ...compareWeightGradients(fixture, inputs, compute, module),
  ];
}

/**
 * The offsets' bias of a new module, for each number of heads, levels and points that the case has in its tensors'
 * names.
 */
function initialOffsets(fixture: Fixture): readonly Comparison[] {
  return [...fixture.tensors.keys()].map((name) => {
    const sizes = /^out\.heads(\d+)_levels(\d+)_points(\d+)$/.exec(name);
    if (sizes === null)
      throw new DataError(
        `${fixture.file}: expected tensors named out.heads<number>_levels<number>_points<number>, got "${name}"`,
      );
    const [heads, levels, points] = sizes.slice(1).map(Number) as [number, number, number];
    const module = new MultiScaleDeformableAttention({ dim: heads, heads, levels, points, random: new Random(0) });
    return compareTensor(fixture, "out", name, inMemory(module.samplingOffsets.bias?.value as Tensor));
  });
}

function compareOutput(fixture: Fixture, inputs: readonly string[], compute: Compute): readonly Comparison[] {
  return [compareTensor(fixture, "out", "out.output", inMemory(compute(...tensorsOf(fixture, inputs))))];
}

/** @param where - of some inputs, which entries have a gradient that can be compared */
function compareInputGradients(
  fixture: Fixture,
  inputs: readonly string[],
  compute: Compute,
  where: Readonly<Record<string, ((index: number) => boolean) | undefined>> = {},
): readonly Comparison[] {
  if (!fixture.tensors.has("in.cotangent")) return [];
  const { grads } = valueAndGrads(lossOf(fixture, compute))(tensorsOf(fixture, inputs));
  return inputs.flatMap((name, index) => {
    const recorded = `grad.in.${name}`;
    const comparableAt = where[name];
    const options = comparableAt === undefined ? {} : { where: comparableAt };
    return fixture.tensors.has(recorded)
      ? [compareTensor(fixture, "grad.in", recorded, inMemory(grads[index] as Tensor), options)]
      : [];
  });
}

function compareWeightGradients(
  fixture: Fixture,
  inputs: readonly string[],
  compute: Compute,
  module: MultiScaleDeformableAttention,
): readonly Comparison[] {
  if (!fixture.tensors.has("in.cotangent")) return [];
  const values = tensorsOf(fixture, inputs);
  return compareGradients(
    fixture,
    originalGradients(module, () => lossOf(fixture, compute)(...values), part),
  );
}

function lossOf(fixture: Fixture, compute: Compute): (...inputs: Tensor[]) => Scalar {
  const cotangent = toTensor(fixture, "in.cotangent");
  return (...inputs) => sum(mul(compute(...inputs), cotangent));
}

/**
 * Which entries of the locations' gradient the case defines: all but those of coordinates within rounding of a line
 * between cells' centres, where the derivative jumps. Exactly on such a line the side is that of `floor`, ours as the
 * original's.
 */
function hasOneDerivative(fixture: Fixture, levelShapes: readonly ImageSize[]): (index: number) => boolean {
  const { data, shape } = tensorOf(fixture, "in.sampling_locations");
  const [, , , levels = 1, points = 1] = shape;
  const kinks = tensorOf(fixture, "in.kink_mask").data;
  return (index) => {
    const sample = Math.floor(index / 2);
    if (kinks[sample] === 0) return true;
    const { height, width } = levelShapes[Math.floor(sample / points) % levels] as ImageSize;
    const pixel = (data[index] as number) * (index % 2 === 0 ? width : height) - 0.5;
    const distance = Math.abs(pixel - Math.round(pixel));
    return distance === 0 || distance > 1e-3;
  };
}

function levelShapesOf(fixture: Fixture): readonly ImageSize[] {
  const { data } = tensorOf(fixture, "in.spatial_shapes");
  return Array.from({ length: data.length / 2 }, (_, level) => ({
    height: data[2 * level] as number,
    width: data[2 * level + 1] as number,
  }));
}

function tensorsOf(fixture: Fixture, inputs: readonly string[]): Tensor[] {
  return inputs.map((name) => toTensor(fixture, `in.${name}`));
}
