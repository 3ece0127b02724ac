import { originalDeformableDetr } from "@detrkit/checkpoint";
import { DataError, Random } from "@detrkit/common";
import {
  type DeformableAttentionOperands,
  MultiScaleDeformableAttention,
  multiScaleDeformableAttention,
} from "@detrkit/deformable-attention";
import type { ImageSize } from "@detrkit/nn";
import {
  compareSubject,
  compareTensor,
  type Comparison,
  type Fixture,
  inMemory,
  type OriginalNames,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import type { Rank, Tensor, Tensor3D } from "@tensorflow/tfjs-core";

interface ModuleCase {
  readonly d_model: number;
  readonly n_levels: number;
  readonly n_heads: number;
  readonly n_points: number;
}

/** Where the original's module has its place in a whole model. */
const names: OriginalNames = {
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
  return compareSubject(fixture, {
    inputs: ["value", "sampling_locations", "attention_weights"],
    call: (value, samplingLocations, attentionWeights) => {
      const operands = { value, levelShapes, samplingLocations, attentionWeights } as DeformableAttentionOperands;
      return { output: attend(operands) };
    },
    where: {
      sampling_locations: fixture.tensors.has("in.kink_mask") ? hasOneDerivative(fixture, levelShapes) : undefined,
    },
  });
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
  const levelShapes = levelShapesOf(fixture);
  const memoryPaddingMask = fixture.tensors.has("in.padding_mask")
    ? toTensor<Rank.R2>(fixture, "in.padding_mask", "bool")
    : undefined;
  return compareSubject(fixture, {
    inputs: ["query", "reference_points", "input_flatten"],
    call: (queries, referencePoints, memory) => {
      const inputs = { queries: queries as Tensor3D, memory: memory as Tensor3D, memoryPaddingMask };
      return { output: module.call({ ...inputs, referencePoints, levelShapes }) };
    },
    module,
    names,
  });
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
